# SPDX-License-Identifier: GPL-2.0-or-later
# This release does not compile with OpenSSL without DANE.
SUPPORT_DANE=yes
