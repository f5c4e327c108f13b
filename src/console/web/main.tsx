import { render } from "preact";

import { App } from "./app.tsx";
import { followTheme } from "./theme.ts";

followTheme();
const root = document.getElementById("app");
if (!root) throw new Error("the document has no place for the page");
render(<App />, root);
