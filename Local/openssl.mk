# SPDX-License-Identifier: GPL-2.0-or-later
# TLS by OpenSSL.
USE_OPENSSL=yes
TLS_LIBS=-lssl -lcrypto
