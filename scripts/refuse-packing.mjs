// `prepack` of every package: a tarball that npm makes in the package's folder would refer to sources that are not in it.
console.error(
  'Packages are built and packed by `node scripts/pack-packages.mjs DIRECTORY`, not in their folders.',
);
process.exit(1);
