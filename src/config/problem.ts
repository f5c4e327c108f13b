// What is wrong with a definition, and where. All problems of a load are found before any is shown.

export interface Problem {
  readonly file: string;
  /** 1-based; 0 when the problem is not in a file but in an option such as `--from`. */
  readonly line: number;
  /** 1-based, in UTF-16 units. */
  readonly col: number;
  readonly endLine: number;
  /** Exclusive. */
  readonly endCol: number;
  /** Absent: an error, with which nothing is started. */
  readonly severity?: "warning";
  /** Kebab-case; one of `codes.ts`, or a stage's own. */
  readonly code: string;
  readonly message: string;
  /** What was probably meant, when there is a good guess. */
  readonly suggestion?: string;
  /** JSON pointer (RFC 6901) of the place in the file. */
  readonly path: string;
}

/** `file:line:col code message (did you mean …?)` */
export function problemLine(problem: Problem): string {
  const { file, line, col, code, message, suggestion } = problem;
  const place = line > 0 ? `${file}:${line}:${col}` : file;
  const guess = suggestion === undefined ? "" : ` (did you mean ${suggestion}?)`;
  const severity = problem.severity === undefined ? "" : `${problem.severity}: `;
  return `${place} ${code} ${severity}${message}${guess}`;
}

/** In file order, the pipeline's own file first; each problem once, though an alias repeats it. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const fileOrder = new Map<string, number>();
  for (const { file } of problems) if (!fileOrder.has(file)) fileOrder.set(file, fileOrder.size);
  const seen = new Set<string>();
  return problems
    .filter((problem) => {
      const line = problemLine(problem);
      return !seen.has(line) && seen.add(line);
    })
    .sort(
      (a, b) =>
        fileOrder.get(a.file)! - fileOrder.get(b.file)! ||
        a.line - b.line ||
        a.col - b.col ||
        (a.code < b.code ? -1 : Number(a.code > b.code)),
    );
}
