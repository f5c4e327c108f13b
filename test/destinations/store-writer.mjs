// Another process on the same store, with the library alone and the built code's rules: `node store-writer.mjs <folder> <mode>`.
import { open } from "lmdb";

const [path, mode] = process.argv.slice(2);
const db = open({ path, encoding: "json", overlappingSync: false, maxDbs: 0 });
const bump = () => {
  const meta = db.get(["meta"]);
  db.putSync(["meta"], { format: 1, generation: (meta?.generation ?? 0) + 1 });
};

if (mode === "once") {
  await db.transaction(() => {
    db.putSync(["from", "child"], 1);
    bump();
  });
} else if (mode === "count") {
  for (let i = 0; i < 50; i++)
    await db.transaction(() => {
      db.putSync(["count"], (db.get(["count"]) ?? 0) + 1);
      bump();
    });
} else {
  for (let i = db.get(["left"]) ?? 0; ; i++) {
    await db.transaction(() => {
      db.putSync(["left"], i);
      db.putSync(["filler"], "x".repeat(20_000));
      db.putSync(["right"], i);
      bump();
    });
    process.stdout.write(`${i}\n`);
  }
}
await db.close();
process.exit(0);
