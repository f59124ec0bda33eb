export { createWebhookPost } from './post-webhook.ts';
export { createReceiverAddresses } from './receiver-addresses.ts';
export { readWebhookKeys, signWebhook } from './sign-webhook.ts';
