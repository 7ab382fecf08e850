; The zone test.ex, as bin/fakens serves it.  Names and data are those of the
; zone of this name in Exim's test suite, so that a scenario sees the same in
; both; only what scenarios about incoming connections need is here.  V4NET,
; V6NET, HOSTIPV4 and HOSTIPV6 are substituted.  DELAY=n and TTL=n at the front
; of a line are milliseconds before the answer and the record's seconds.

test.ex.      NS     exim.test.ex.
test.ex.      SOA    exim.test.ex. hostmaster.exim.test.ex 1430683638 1200 120 604800 3000
test.ex.      TXT    "A TXT record for test.ex."

; --- this machine

localhost     A      127.0.0.1
localhost     AAAA   ::1
localhost4    A      127.0.0.1
thishost      A      127.0.0.1
UpperCase     A      127.0.0.1
TTL=2 shorthost A    127.0.0.1
local1        A      127.0.0.2
local2        A      127.0.0.2
thisloop      A      HOSTIPV4
              A      127.0.0.1
eximtesthost  A      HOSTIPV4
eximtesthost.ipv6 AAAA HOSTIPV6
alias-eximtesthost CNAME eximtesthost.test.ex.

; --- other hosts; "ten" because they once were in 10.0.0.0/8

ten-1         A      V4NET.0.0.1
ten-2         A      V4NET.0.0.2
ten-3         A      V4NET.0.0.3
ten-3-alias   A      V4NET.0.0.3
ten-3xtra     A      V4NET.0.0.3
ten-4         A      V4NET.0.0.4
ten-5         A      V4NET.0.0.5
ten-6         A      V4NET.0.0.6
ten-5-6       A      V4NET.0.0.5
              A      V4NET.0.0.6
ten-99        A      V4NET.0.0.99
myhost        A      V4NET.10.10.10
myhost2       A      V4NET.10.10.10
other1        A      V4NET.12.4.5
other2        A      V4NET.12.3.1
              A      V4NET.12.3.2
other99       A      V4NET.99.0.1
testsub.sub   A      V4NET.99.0.3
dontqualify   A      V4NET.255.255.254
46            A      V4NET.0.0.4
              AAAA   V6NET:ffff:836f:0a00:000a:0800:200a:c031
46b           A      V4NET.0.0.5
              AAAA   V6NET:ffff:836f:0a00:000a:0800:200a:c033
v6            AAAA   V6NET:ffff:836f:0a00:000a:0800:200a:c032
test2.ipv6    AAAA   V6NET:2101:12:1:a00:20ff:fe86:a062
test3.ipv6    AAAA   V6NET:1234:5:6:7:8:abc:0d

; --- forward and reverse do not agree; see db.ip4.V4NET

badA          A      V4NET.99.99.99
badB          A      V4NET.99.99.98
oneback       A      V4NET.99.99.90
host1.masq    A      V4NET.90.90.90
empty         A      V4NET.255.255.255
; one address with two names
x.gov.uk      A      V4NET.99.99.97
x.co.uk       A      V4NET.99.99.97

; --- DNS lists

black-1       A      V4NET.11.12.13
black-2       A      V4NET.11.12.14

TTL=3 13.12.11.V4NET.rbl  A    127.0.0.2
                          TXT  "This is a test blacklisting message"
TTL=2 14.12.11.V4NET.rbl  A    127.0.0.2
                          TXT  "This is a test blacklisting message"
14.12.11.V4NET.rbl2       A    127.0.0.2
                          TXT  "This is a test blacklisting2 message"
16.12.11.V4NET.rbl2       A    127.0.0.2
                          TXT  "This is a test blacklisting2 message"
14.12.11.V4NET.rbl3       A    127.0.0.2
                          TXT  "This is a test blacklisting3 message"
20.12.11.V4NET.rbl4       A    127.0.0.6
21.12.11.V4NET.rbl4       A    127.0.0.7
22.12.11.V4NET.rbl4       A    127.0.0.128
                          TXT  "This is a test blacklisting4 message"
22.12.11.V4NET.rbl5       A    127.0.0.1
                          TXT  "This is a test blacklisting5 message"
2.13.13.V4NET.rbl         A    127.0.0.1
                          A    127.0.0.2

; --- other kinds of record

cname         CNAME  test.ex.
badcname      CNAME  rhubarb.test.ex.
cname46       CNAME  localhost
cname4        CNAME  thishost
ptr           PTR    data.for.ptr.test.ex.
mxt1          MX  5  eximtesthost.test.ex.
mxt2          MX  5  not-exist.test.ex.
mxt15         MX 10  ten-1.test.ex.
              MX 20  ten-2.test.ex.
mx46          MX 46  46.test.ex.
_client._smtp.csa1  SRV  1 2 0  csa1.test.ex.
_client._smtp.csa2  SRV  1 1 0  csa2.test.ex.
csa1          A      V4NET.9.8.7
csa2          A      V4NET.9.8.8

; --- slow answers

DELAY=500 delay500    A  HOSTIPV4
DELAY=1500 delay1500  A  HOSTIPV4
