/** Headers that hold no credentials and name no person. All others are redacted. */
export const headersKept: ReadonlySet<string> = new Set(
  [
    'accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-credentials access-control-allow-headers',
    'access-control-allow-methods access-control-allow-origin access-control-request-headers access-control-request-method age allow',
    'cache-control connection content-disposition content-encoding content-language content-length content-range content-type',
    'cross-origin-opener-policy cross-origin-resource-policy date dnt etag expect expires forwarded from host idempotency-key',
    'if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive last-modified location max-forwards',
    'origin pragma priority range ratelimit-limit ratelimit-remaining ratelimit-reset referer referrer-policy retry-after',
    'sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc server',
    'server-timing strict-transport-security te trailer traceparent tracestate transfer-encoding upgrade',
    'upgrade-insecure-requests user-agent vary via warning x-content-type-options x-correlation-id x-forwarded-for',
    'x-forwarded-host x-forwarded-port x-forwarded-proto x-frame-options x-powered-by x-real-ip x-request-id x-requested-with',
    'x-response-time',
  ].flatMap((line) => line.split(' ')),
);
