# The feature with GnuTLS.
#: common feature
USE_GNUTLS=yes
TLS_LIBS=-lgnutls
