# SPDX-License-Identifier: GPL-2.0-or-later
# The feature with GnuTLS.
#: common feature
USE_GNUTLS=yes
TLS_LIBS=-lgnutls
