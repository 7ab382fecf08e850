#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Headers of version 2: good ones of every size and family, and those that leave the ends as they are; and bad ones, which are
# consumed to their own end.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::Header qw(v2 ipv4 ipv6 tlv tls noop sealed PROXY LOCAL TCP4 TCP6 UNIX SIGNATURE REST_MAX);
use Test::Wire;

exim('main');
my $deadline = exim('deadline', deadline => 1);

my $some = ipv4('1.2.3.4', '5.6.7.8', 1, 2);
my $some6 = ipv6('2001:db8::1', '2001:db8::2', 1, 2);
my $unix = pack 'a108 a108', '/run/client', '/run/proxy';

takes('IPv4', V2, V2_IS);
takes('IPv6', V2_6, V2_6_IS);
takes("IPv4 $_", v2(PROXY, TCP4, ipv4((split)[0, 2, 1, 3])), $_) for
  '0.0.0.0 0 0.0.0.0 0', '255.255.255.255 65535 255.255.255.255 65535', '10.1.2.3 1 1.2.3.4 0', '13.10.13.10 3338 0.13.10.81 2573';
takes("IPv6 $_", v2(PROXY, TCP6, ipv6((split)[0, 2, 1, 3])), $_) for
  ':: 0 :: 0', '::1 65535 ::1 65535', '::ffff:1.2.3.4 5 ::ffff:5.6.7.8 6', '::ffff:10.2.3.4 5 2001:db8::1 6',
  '2001:db8::1 5 ::ffff:1.2.3.4 6', '::ffff:0:1.2.3.4 7 ::1.2.3.4 8', '2001:db8:0:1:0:0:0:1 9 fe80::1 10', '1:0:0:2:0:0:0:8 11 1:2:3:4:5:6:7:0 12';
takes("16 + $_ bytes", v2(PROXY, TCP4, ipv4('203.0.113.9', '198.51.100.9', $_, 25) . noop($_ - 12)), "203.0.113.9 $_ 198.51.100.9 25") for
  15, 16, 216, 1440, 4096, 60000, 65535;
takes('IPv6 of 16 + 65535 bytes', v2(PROXY, TCP6, ipv6('2001:db8::9', '2001:db8::a', 5, 6) . noop(REST_MAX - 36)), '2001:db8::9 5 2001:db8::a 6');

my $ends = ipv4('203.0.113.10', '198.51.100.9', 1, 2);
my $ends_are = '203.0.113.10 1 198.51.100.9 2';
takes('several TLVs', v2(PROXY, TCP4, $ends . tlv(1, 'smtp') . tlv(2, 'mx.example.net') . tlv(5, "\1\2id") . tlv(0xea, "\1vpce-1") . tlv(4, '') . tlv(0xf0, 'x')), $ends_are);
takes('a TLV of TLS', v2(PROXY, TCP4, $ends . tls(5, 0, tlv(0x21, 'TLSv1.3'), tlv(0x22, 'client.example'))), $ends_are);
takes('a CRC32C', sealed(PROXY, TCP4, $ends, ''), $ends_are);
takes('a CRC32C between other TLVs', sealed(PROXY, TCP4, $ends . tlv(1, 'x'), tlv(4, 'yyy')), $ends_are);

keeps(sprintf('LOCAL, family 0x%02x, %d bytes', $_->[0], length $_->[1]), v2(LOCAL, @$_)) for
  [0, ''], [TCP4, ''], [TCP4, $some . noop(300)], [0, noop(65535)], [UNIX, ''], [0xff, ''], [0xf3, noop(50)];
keeps('LOCAL by bytes', v2(LOCAL, 0, ''), as => 'bytes:0.01');
keeps('LOCAL from ::1', v2(LOCAL, 0, ''), v6 => 1);
keeps(sprintf('family 0x%02x, %d bytes', $_->[0], length $_->[1]), v2(PROXY, @$_)) for
  [0x00, ''], [0x00, noop(65535)], [0x01, ''], [0x10, $some], [0x12, $some . noop(9)], [0x22, $some6], [UNIX, $unix], [0x32, $unix], [UNIX, $unix . noop(REST_MAX - 216)];

# --- what breaks the grammar --------------------------------------------------------------

refuses("TLVs: $_->[0]", v2(PROXY, TCP4, $some . $_->[1])) for
  ['two bytes', "\x20\0"], ['half a value', tlv(1, 'x') . "\x05\0\3ab"], ['a byte after them', tlv(0x20, '') . "\0"], ['a wrong CRC32C', tlv(3, 'abcd')], ['a CRC32C of 3 bytes', tlv(3, 'abc')];
refuses(sprintf('version and command 0x%02x', $_), v2($_, TCP4, $some)) for 0x11, 0x31, 0x22;
refuses(sprintf('family and transport 0x%02x', $_), v2(PROXY, $_, $some)) for 0x13, 0x41, 0xff;
refuses(sprintf('family 0x%02x with only %d bytes', @$_), v2(PROXY, $_->[0], "\1" x $_->[1])) for [TCP4, 0], [TCP4, 11], [TCP6, 35], [UNIX, 215], [0x12, 11], [0x22, 35];
refuses('version 3 without a payload', v2(0x31, TCP4, ''));
refuses('version 3 from ::1', v2(0x31, 0, ''), v6 => 1);

refuses('version 1 with 60000 bytes', v2(0x11, TCP4, noop(60_000)));
refuses('command 2 with 65535 bytes', v2(0x22, TCP4, noop(REST_MAX)));
refuses('family 4 with 65535 bytes in chunks', v2(PROXY, 0x41, noop(REST_MAX)), as => 'chunk:7000:0.02');
refuses('version 3, its payload half a second later', v2(0x31, TCP4, $some), as => 'cut:16:0.5');
refuses('family 5 by bytes', v2(PROXY, 0x51, $some), as => 'bytes:0.01');
refuses('family 5, cut in the signature and in the rest', v2(PROXY, 0x51, $some), as => 'cut:11,20:0.05');

# The layout of before 2014 has a length that is none: one is waited for, and the other one is over.
refuses_openly('the layout of before 2014', SIGNATURE . "\2\1\x11\x0c$some", on => $deadline);
refuses_openly('the layout of before 2014, local', SIGNATURE . "\2\0\0\0");

run();
