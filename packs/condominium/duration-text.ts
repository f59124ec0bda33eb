/** A duration as `1:05:09`, with days in front when there are any: `2 días, 0:00:10`. */
export function durationText(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1_000));
  const two = (value: number): string => String(value % 60).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const time = `${Math.floor(seconds / 3_600) % 24}:${two(Math.floor(seconds / 60))}:${two(seconds)}`;
  return days === 0 ? time : `${days} ${days === 1 ? 'día' : 'días'}, ${time}`;
}
