/**
 * Names that hold secrets, without accents. A phrase is written as one word, because names are compared in that form:
 * `api_key`, `apiKey` and `x-api-key` all contain `apikey`.
 */
export const secretPhrases: ReadonlySet<string> = new Set(
  [
    'password passwords passwd passwds passwort kennwort wachtwoord passphrase passphrases passcode passcodes pwd pwds pswd pass',
    'contrasena contrasenas contrasenia contrasenya senha senhas motdepasse mdp haslo sifre parol parola',
    'пароль пароли пароля паролю паролем секрет секреты токен токены пин пинкод ключдоступа',
    'clave claves claveacceso clavedeacceso claveusuario clavedeusuario clavesecreta claveprivada claveapi claveanterior clavenueva',
    'secret secrets secreto clientsecret token tokens jwt jwts credential credentials credencial credenciales',
    'authorization cookie cookies setcookie bearer csrf xsrf connectsid sessid phpsessid jsessionid aspsessionid sessionkey',
    'cvv cvc cvn cvvs pan pans ssn socialsecurity socialsecuritynumber otp otps totp hotp pin pins codigopin',
    'apikey apikeys privatekey privatekeys secretkey secretkeys accesskey accesskeys encryptionkey signingkey masterkey sshkey',
    'authkey sharedkey accountkey servicekey storagekey deploykey hmackey symmetrickey decryptionkey webhookkey wrappingkey',
    'sharedaccesssignature sastoken basicauth httpauth xauth mnemonic seedphrase recoveryphrase',
    'securitycode verificationcode onetimecode authcode recoverycode recoverycodes backupcode backupcodes smscode mfacode facode',
    'resetcode logincode codigodeseguridad codigoseguridad codigodeverificacion кодподтверждения',
    'cardnumber creditcard creditcardnumber debitcard ccnumber ccnum numerodetarjeta numerotarjeta tarjetanumero номеркарты',
  ].flatMap((line) => line.split(' ')),
);

/** A last word that makes the name speak about a secret instead of holding one: `passwordChangedAt`, `token_type`. */
export const aboutSecrets: ReadonlySet<string> = new Set(
  [
    'at on date time timestamp count counts length len size type types expires expiry expiration expired ttl age policy',
    'policies strength required enabled disabled changed updated set valid validity verified status state attempts attempt tries',
    'retries limit max min version name names label field fields column columns format algorithm alg method kind issuer',
    'scope scopes domain url uri endpoint reset used usage rotation rotated days hours minutes seconds ms budget price cost',
    'symbol description consent banner page screen form source less last brand network id ids created by provider',
  ].flatMap((line) => line.split(' ')),
);

/** Endings of names written in one word, `useraccesstoken`. */
export const secretEndings: readonly string[] =
  'password passwd passphrase secret token apikey privatekey secretkey accesskey credentials cookie contrasena passwort authorization пароль cardnumber'.split(
    ' ',
  );

/** Beginnings of names written in one word, `passwordhash`. */
export const secretBeginnings: readonly string[] =
  'password passwd passphrase apikey privatekey secretkey accesstoken authtoken contrasena'.split(' ');

/** Plurals and short words that mean a count when their value is a number: `tokens: 512`. */
export const countable: ReadonlySet<string> = new Set(
  'pass tokens passwords secrets cookies credentials pins pans otps claves senhas токены пароли'.split(' '),
);
