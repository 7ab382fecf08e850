# SPDX-License-Identifier: GPL-2.0-or-later
# The feature among all others, with GnuTLS.
#: full-common
USE_GNUTLS=yes
TLS_LIBS=-lgnutls -lgnutls-dane
