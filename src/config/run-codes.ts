// Why a run, or a command on its files, could not go on: exit code 1 and one line, `code: message`.

import type { CodeMeaning } from "./codes.ts";

export const runCodes = {
  "metrics-address": {
    meaning: "The address of `--metrics` cannot be listened on; it is taken, or not one of this machine.",
    fix: "Choose another port, or see what holds it.",
  },
  "dead-letter-window": {
    meaning:
      "Too many of the last values were dead letters, so the pipeline stopped before it emptied the topic into a file. Usually the shape of the data changed, or a stage does not fit it.",
    fix: "Look at a few with `sluice dead-letters show`, mend the cause, start again, then `sluice dead-letters redrive`. The numbers are `deadLetters.window`.",
  },
  "local-api": {
    meaning: "A running process was asked about its pipelines, and refused, or did not answer in time.",
    fix: "Its message says why. When it does not answer at all, see what it is busy with: `sluice top`, its log.",
  },
  "local-socket": {
    meaning:
      "The socket by which `sluice top`, `tap`, `trace` and `record` find this process cannot be made, or its folder is not ours alone.",
    fix: "Set SLUICE_RUNTIME_DIR to a short path of a folder that only this user may enter, or mend the rights of the one it names.",
  },
  "nothing-recorded": {
    meaning:
      "`sluice record` got no record that the pipeline can decode, so there is nothing to make a test of.",
    fix: "Check that the files, the subscription or the running process have what the pipeline reads; wait longer with --wait-seconds.",
  },
  "recording-fails": {
    meaning: "A recorded test was written, but cannot be run, or does not pass when it is run again.",
    fix: "Run it with `sluice test FILE` to see why. Variables that the pipeline needs go under `env` in the test.",
  },
  "redrive-running": {
    meaning: "A redrive of these dead letters is running already.",
    fix: "Wait until it has ended, or stop it; then begin again. What it has sent is marked and is not sent twice.",
  },
  "reload-needs-restart": {
    meaning:
      "A changed definition cannot take the place of the running one: its name changed, or the settings of a file that both would write.",
    fix: "The running one goes on. Restart the process, or take the change back; a file with other settings needs another path.",
  },
  "no-files": {
    meaning: "No file matches the path or glob.",
    fix: "Check the path; on a command line put quotes around a glob.",
  },
  "cannot-open": {
    meaning: "A file that is to be read or written cannot be opened.",
    fix: "Check its permissions and whether its folder is there.",
  },
  "unsupported-file": {
    meaning: "A file is of no kind that is read: NDJSON, gzip, Avro container.",
    fix: "Check that it is the right file; narrow the glob if others lie beside it.",
  },
  "gzip-bomb": {
    meaning: "A gzip file unpacks to far more than its size, as a hostile one does.",
    fix: "If it is a good file, raise `maxGunzipRatio`.",
  },
  "file-changed": {
    meaning: "A file is not the one that the checkpoint knows, or changed while it was read.",
    fix: "Read files that are complete. `--force` reads it again from its start; another state directory begins anew.",
  },
  "config-changed": {
    meaning:
      "The checkpoint was made with another definition: events sent from here on would be others than before.",
    fix: "`--force` goes on with the definition as it is now; another state directory begins anew.",
  },
  "storage-refused": {
    meaning: "Cloud Storage refuses to list or to hand out objects, or there are no credentials for it.",
    fix: "Give the credentials `roles/storage.objectViewer` on the bucket, and see that the name is right.",
  },
  "storage-unavailable": {
    meaning: "Cloud Storage failed again and again, for minutes.",
    fix: "Run it again: it goes on from the checkpoint.",
  },
  "checksum-mismatch": {
    meaning: "An object that was read whole did not arrive as Cloud Storage has it.",
    fix: "Run it again: it reads that object from its start. When it stays, something on the way changes what it carries.",
  },
  "shards-changed": {
    meaning:
      "The shards of a backfill agreed on other files or another number of shards than this process comes with, or the state directory is of a run that was not divided.",
    fix: "Start all shards with the same `--from` and the same number, over files that no longer change. Another state directory begins anew; `--force` makes a new plan, and what was sent may be sent again with the same message ids.",
  },
  "no-backfill": {
    meaning: "The status of a backfill was asked for, and the state directory holds none.",
    fix: "Give `--state` the folder that the backfill was given, or start where it was started.",
  },
  "checkpoint-unreadable": {
    meaning: "A checkpoint file is damaged or of a newer version.",
    fix: "Delete it to begin anew; what was delivered is then sent again, with the same message ids.",
  },
  "checkpoint-failed": {
    meaning: "The last checkpoint could not be saved, usually because the disk is full.",
    fix: "Make room. The next run sends again what this one sent since the checkpoint before, with the same message ids.",
  },
  "state-locked": {
    meaning: "Another run uses this state directory.",
    fix: "Wait for it, or give this run a directory of its own.",
  },
  "file-not-saved": {
    meaning: "An output file could not be written to its end.",
    fix: "Make room on the disk and run again.",
  },
  "output-closed": {
    meaning: "Whatever read the output stopped reading it, for example `head`.",
    fix: "Nothing, if that was meant; else write to a file with `--to file:out.ndjson`.",
  },
  "avro-schema-invalid": {
    meaning: "The Avro schema that a stage names cannot be used.",
    fix: "Mend the file; the message says where it breaks. It must describe a record.",
  },
  "avro-schema-ambiguous": {
    meaning: "With encoding auto, a datum of this schema could look like JSON or gzip.",
    fix: "Set `encoding`, or make the first field a string.",
  },
  "too-many-letters": {
    meaning: "There are more open dead letters than are redriven at once.",
    fix: "Take a part of them with --since and --until, or --from some of the files.",
  },
  "marks-not-written": {
    meaning: "What was redriven cannot be noted beside the dead letters.",
    fix: "Make room and run redrive again: it sends again what is not noted, with the same message ids.",
  },
  "dead-letters-elsewhere": {
    meaning:
      "The dead letters of this pipeline are not in files here, so they cannot be shown or redriven from here.",
    fix: "A Pub/Sub topic of dead letters is read with `sluice backfill` or a pipeline of its own.",
  },
  "store-unusable": {
    meaning: "The store of destinations cannot be opened.",
    fix: "Check that its folder is there, may be written, and is on a local disk.",
  },
  "secret-key-missing": {
    meaning: "The store holds sealed write keys, but the key that opens or seals them is not set.",
    fix: "Set the master key that the message names; `sluice secrets new-key` makes a new one for a new store.",
  },
  "secret-key-invalid": {
    meaning: "The master key is not 32 random bytes in base64.",
    fix: "Make one with `sluice secrets new-key` or `openssl rand -base64 32`.",
  },
  "secret-damaged": {
    meaning: "A sealed write key does not open: it was changed, or belongs to another destination.",
    fix: "Enter the write key of the destination again.",
  },
} as const satisfies Record<string, CodeMeaning>;
