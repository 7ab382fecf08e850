# SPDX-License-Identifier: GPL-2.0-or-later
# This release does not compile with OpenSSL 3.
#: common
USE_GNUTLS=yes
TLS_LIBS=-lgnutls
