import { stringify } from "yaml";

/** Several YAML documents with a comment at the head. Long texts stay on their lines. */
export function yamlDocuments(comment: readonly string[], documents: readonly object[]): string {
  const head = comment.map((line) => (line === "" ? "#" : `# ${line}`)).join("\n");
  return `${head}\n${documents.map((document) => `---\n${stringify(document, { lineWidth: 0 })}`).join("")}`;
}
