-- Sets the public key of the service user; the private key is in the stack's secret. To rotate it
-- without an outage, set rsa_public_key_2 by hand first, then change the secret, then run this.
-- Repetition: sets the same key.
use role useradmin;

alter user snowline set rsa_public_key = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A';
