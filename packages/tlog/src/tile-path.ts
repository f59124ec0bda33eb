import { tileWidthFull, type Tile } from './tile.ts';

/** The path of a tile below the log's prefix, `tile/0/x001/x234/067` or `tile/entries/000.p/7` (C2SP tlog-tiles). */
export function tilePath({ level, index, width }: Tile): string {
  if (level !== 'entries' && !isTileLevel(level)) throw new RangeError(`no tile level ${level}`);
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError(`no tile index ${index}`);
  if (!Number.isInteger(width) || width < 1 || width > tileWidthFull) {
    throw new RangeError(`no tile width ${width}`);
  }
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0');
  const elements = digits.match(/\d{3}/g) ?? [];
  const path = elements.map((element, i) => (i < elements.length - 1 ? `x${element}` : element)).join('/');
  return `tile/${level}/${path}${width === tileWidthFull ? '' : `.p/${width}`}`;
}

/** The tile that a path names; undefined unless the path is exactly what {@link tilePath} makes of it. */
export function parseTilePath(path: string): Tile | undefined {
  const match = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path);
  if (match === null) return undefined;
  const [, levelText, indexText = '', widthText] = match;
  const tile: Tile = {
    level: levelText === 'entries' ? 'entries' : Number(levelText),
    index: Number(indexText.replaceAll(/[x/]/g, '')),
    width: widthText === undefined ? tileWidthFull : Number(widthText),
  };
  const inRange =
    (tile.level === 'entries' || isTileLevel(tile.level)) &&
    Number.isSafeInteger(tile.index) &&
    tile.width >= 1 &&
    tile.width <= tileWidthFull;
  return inRange && tilePath(tile) === path ? tile : undefined;
}

function isTileLevel(level: number): boolean {
  return Number.isInteger(level) && level >= 0 && level <= 63;
}
