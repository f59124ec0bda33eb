// The user's name must not hold a path or a query: otherwise a mail address in a query would look like user and host.
const userInfo = /(?<=[a-z][a-z\d+.-]{1,20}:\/\/)([^\s/?#@:"'<>]*)(:[^\s/"'<>]+)?@/gi;
const longMinChars = 20;

/** Redacts passwords in URLs, `postgres://app:secret@host`, and keeps the user. A long user without a password is a token. */
export function redactUserInfo(text: string): string {
  return text.replace(userInfo, (whole: string, user: string, password: string | undefined) => {
    if (password !== undefined) return `${user}:[redacted:url-password]@`;
    return user.length >= longMinChars && /\d/.test(user) ? '[redacted:url-token]@' : whole;
  });
}
