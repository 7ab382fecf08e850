# The feature among all others, with OpenSSL.
#: full-common openssl
