# SPDX-License-Identifier: GPL-2.0-or-later
# The feature with GnuTLS.
#: common feature
OPTIMIZE=-O0
USE_GNUTLS=yes
TLS_LIBS=-lgnutls
