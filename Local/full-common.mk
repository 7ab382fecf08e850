# SPDX-License-Identifier: GPL-2.0-or-later
# Every optional part of Exim that one of our releases has, and whose library Debian has: what full-openssl
# and full-gnutls share. Releases ignore the names that they do not know. What is on without a word here, or
# cannot be had, is told in test/features.md.
#: common feature

SUPPORT_ARC=yes
EXPERIMENTAL_ARC=yes
EXPERIMENTAL_DCC=yes
EXPERIMENTAL_DSN_INFO=yes
EXPERIMENTAL_ESMTP_LIMITS=yes
EXPERIMENTAL_NMH=yes
EXPERIMENTAL_QUEUEFILE=yes
EXPERIMENTAL_SRV_SMTPS=yes
EXPERIMENTAL_XCLIENT=yes
SUPPORT_DANE=yes
SUPPORT_DSCP=yes
SUPPORT_I18N=yes
SUPPORT_I18N_2008=yes
SUPPORT_MOVE_FROZEN_MESSAGES=yes
SUPPORT_SOCKS=yes
SUPPORT_SPF=yes
SUPPORT_SRS=yes
WITH_CONTENT_SCAN=yes

ROUTER_IPLOOKUP=yes
SUPPORT_MAILSTORE=yes
SUPPORT_MBX=yes

AUTH_CYRUS_SASL=yes
AUTH_DOVECOT=yes
AUTH_GSASL=yes
AUTH_GSASL_PC=libgsasl
AUTH_SPA=yes
AUTH_LIBS=-lsasl2
CYRUS_SASLAUTHD_SOCKET=/run/saslauthd/mux
CYRUS_PWCHECK_SOCKET=/run/pwcheck/pwcheck
SUPPORT_PAM=yes
USE_TCP_WRAPPERS=yes

LOOKUP_JSON=yes
LOOKUP_LDAP=yes
LDAP_LIB_TYPE=OPENLDAP2
LOOKUP_LMDB=yes
LOOKUP_MYSQL=yes
LOOKUP_MYSQL_PC=mariadb
LOOKUP_NIS=yes
LOOKUP_NISPLUS=yes
LOOKUP_PGSQL=yes
LOOKUP_PGSQL_PC=libpq
LOOKUP_PSL=yes
LOOKUP_REDIS=yes
LOOKUP_SQLITE=yes
LOOKUP_SQLITE_PC=sqlite3
LOOKUP_INCLUDE=-I/usr/include/tirpc
LOOKUP_LIBS=-lldap -llber -llmdb -lhiredis -ljansson -lnsl

EXIM_PERL=perl.o
EXPAND_DLFUNC=yes
EXPAND_LISTMATCH_RHS=yes
ENABLE_DISABLE_FSYNC=yes

EXTRALIBS_EXIM=-lspf2 -lopendmarc -lidn -lidn2 -lpam -lwrap -ldl -export-dynamic
