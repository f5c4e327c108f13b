import { resolve } from "node:path";

import { Type } from "typebox";

import { defineSink, type RunContext } from "../../engine/contracts.ts";
import { RunError, SinkFault } from "../../engine/errors.ts";
import { FileSink } from "./file-sink.ts";
import { jsonLineRejects } from "./json-line.ts";
import { Segments } from "./segments.ts";

const MIB = 1024 * 1024;

const config = Type.Object(
  {
    path: Type.String({
      minLength: 1,
      description:
        "The file to write; missing folders are made. With a slash at the end, or a folder that is there: a folder of segments named after the pipeline. Relative to the pipeline's folder.",
    }),
    mode: Type.Union([Type.Literal("append"), Type.Literal("overwrite")], {
      default: "append",
      description: "`overwrite` empties the file when the run starts.",
    }),
    durable: Type.Boolean({
      default: false,
      description: "Wait for the disk (fsync) before a line counts as delivered. Always so for dead letters.",
    }),
    rotateBytes: Type.Optional(
      Type.Integer({
        minimum: 1_024,
        maximum: 1_024 * 1_024 * MIB,
        description: "Begin a new segment, `name-<time>-<number>.ndjson`, once one has this many bytes.",
      }),
    ),
    rotateMs: Type.Optional(
      Type.Integer({
        minimum: 1_000,
        maximum: 31 * 86_400_000,
        description: "Begin a new segment with the first line after this time, in milliseconds.",
      }),
    ),
  },
  { additionalProperties: false },
);

/** Any value in, one line of JSON out; a Segment event as it would be sent. One lane. */
export default defineSink({
  type: "file",
  summary: "Writes one line of JSON (NDJSON) for each event to a file, or to a row of files.",
  accepts: "any",
  config,
  example: {
    path: "out/events.ndjson",
    mode: "append",
    durable: true,
    rotateBytes: 104_857_600,
    rotateMs: 3_600_000,
  },
  rejects: jsonLineRejects,
  *check(settings) {
    const rotates =
      settings.rotateBytes !== undefined || settings.rotateMs !== undefined || settings.path.endsWith("/");
    if (rotates && settings.mode === "overwrite")
      yield {
        path: ["mode"],
        code: "overwrite-segments",
        message:
          "segments always have new names, so there is nothing to overwrite; remove mode, or write one file",
      };
  },
  async create(settings, context) {
    const folderMark = settings.path.endsWith("/") ? "/" : "";
    const path = resolve(context.baseDir, settings.path) + folderMark;
    const { mode, durable, rotateBytes, rotateMs } = settings;
    const options = { path, pipeline: context.pipeline, mode, durable, rotateBytes, rotateMs };
    const sink = new FileSink(path, await Segments.at(options, context.clock), durable);
    await tryOpening(sink, context);
    return sink;
  },
});

/** A wrong path ends the run before it starts; a full disk is weather, and the first write waits for it. */
async function tryOpening(sink: FileSink, context: RunContext): Promise<void> {
  try {
    await sink.probe();
  } catch (error) {
    if (!(error instanceof SinkFault)) throw error;
    if (error.kind === "misconfigured")
      throw new RunError("cannot-open", `${error.message}. Check the path and its permissions.`, {
        cause: error,
      });
    context.log.warn({ code: error.code }, `${error.message}; trying again with the first write`);
  }
}
