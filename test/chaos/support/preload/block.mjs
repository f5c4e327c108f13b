// Loaded before the program: SIGUSR2 blocks its event loop for CHAOS_BLOCK_MS, as a huge computation would.
process.on("SIGUSR2", () => {
  const until = Date.now() + Number(process.env.CHAOS_BLOCK_MS);
  while (Date.now() < until);
});
