import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export interface FoldProps {
  readonly name: string;
  /** Something in it is wrong: it opens, and stays open until a person closes it. */
  readonly isWrong: boolean;
  readonly children: ComponentChildren;
}

export function Fold({ name, isWrong, children }: FoldProps) {
  const element = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (isWrong && element.current) element.current.open = true;
  }, [isWrong]);
  return (
    <details ref={element}>
      <summary>{name}</summary>
      {children}
    </details>
  );
}
