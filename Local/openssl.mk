# TLS by OpenSSL.
USE_OPENSSL=yes
TLS_LIBS=-lssl -lcrypto
