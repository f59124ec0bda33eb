// `prepack` of every package: what npm would pack in a package's folder leads to sources that are not in it.
console.error(
  'Packages are built and packed by `node scripts/pack-packages.mjs DIRECTORY`, not in their folders.',
);
process.exit(1);
