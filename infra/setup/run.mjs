// First step of every `npm run …`. It imports nothing, so that a Node that is too old still gets as far as the sentence.
const major = Number(process.versions.node.split('.')[0]);
if (major >= 20) {
  void import('./run-task.mjs').then(({ runTask }) => runTask(process.argv[2], process.argv.slice(3)));
} else {
  console.error(
    `Leftfold needs Node 20 or newer to set itself up, and this is Node ${process.versions.node}.\n` +
      'Remedy: install a newer Node (nodejs.org, or your version manager) and run the command again.',
  );
  process.exitCode = 1;
}
