# The feature among all others, with GnuTLS.
#: full-common
USE_GNUTLS=yes
TLS_LIBS=-lgnutls -lgnutls-dane
