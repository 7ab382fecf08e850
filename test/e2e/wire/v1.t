#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Lines of version 1: after a good one the client counts from the first reply on, in every variable; after a bad one nothing has changed.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::Header qw(v1);
use Test::Wire;

exim('main');
my $deadline = exim('deadline', deadline => 1);

# CLIENT TARGET PORT PORT; what the variables must be is the same, but for the form of the addresses
my %line = (
  TCP4 => [
    '1.2.3.4 5.6.7.8 1 2',             '0.0.0.0 0.0.0.0 0 0',     '255.255.255.255 255.255.255.255 65535 65535',
    '10.0.0.7 198.51.100.1 40000 25',  '192.0.2.1 192.0.2.2 0 1', '192.0.2.1 192.0.2.2 1 0',
    '192.0.2.10 192.0.2.200 10 65535', '127.0.0.9 127.0.0.10 9 10', '249.250.199.100 109.90.99.255 100 1000',
    # of the other family, or of both
    '198.51.100.7 2001:db8::9 1 25', '2001:db8::1 2001:db8::2 1 2', '2001:db8::1 5.6.7.8 1 2', '::ffff:1.2.3.4 ::ffff:5.6.7.8 1 2', '1.2.3.4 ::ffff:5.6.7.8 1 2',
  ],
  TCP6 => [
    '2001:db8::1 2001:db8::2 1 2',                 '2001:DB8:0:0::1 2001:DB8:ABCD:EF01:2345:6789:abcd:ef02 3 4',
    ':: :: 0 0',                                   '::1 ::2 65535 65535',
    '1:2:3:4:5:6:7:8 8:7:6:5:4:3:2:1 7 8',         '1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 9 10',
    '0:0:0:0:0:0:0:1 0000:0000:0000:0000:0000:0000:0000:0000 11 12',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF 65535 65535',
    '::ffff:1.2.3.4 ::ffff:5.6.7.8 13 14',         '::FFFF:1.2.3.4 2001:db8::1 15 16',
    '::ffff:102:304 0:0:0:0:0:ffff:506:708 17 18', '0:0:0:0:0:FFFF:10.2.3.4 2001:db8::1 19 20',
    '::ffff:0:1.2.3.4 ::ffff:0:102:304 21 22',     '::1.2.3.4 ::102:304 23 24',
    '64:ff9b::192.0.2.33 2001:db8::1 25 26',       '1::8 1:0:0:2::8 27 28',
    '2001:0db8:0000:0000:0001:0000:0000:0001 fe80::1 29 30', '2001:db8::0:1:0:0:1 1:2:3:4:5:6:1.2.3.4 31 32',
    '2001:db8::7 203.0.113.5 1234 25', '5.6.7.8 1.2.3.4 12345 25', '1.2.3.4 2001:db8::2 1 2', '::ffff:1.2.3.4 5.6.7.8 1 2',
  ],
);
for my $word (sort keys %line) {
  takes("$word $_", v1($word, $_), join ' ', (split)[0, 2, 1, 3]) for $line{$word}->@*;
}

keeps('UNKNOWN' . ($_ eq '' ? '' : ' and then ' . show($_)), "PROXY UNKNOWN$_\r\n") for
  '', ' ', ' 1.2.3.4 5.6.7.8 1 2', ' ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535',
  '  two  spaces', " tab\tvt\x0bend", " a\rb\nc", " \xff\xfe", ' PROXY TCP4 1.2.3.4 5.6.7.8 1 2', ' ' . 'x' x 91;
keeps('UNKNOWN by bytes', v1('UNKNOWN'), as => 'bytes:0.01');
keeps('UNKNOWN from ::1', v1('UNKNOWN'), v6 => 1);

# The longest line that the protocol allows has 107 bytes.
sub unknown { my ($length) = @_; return v1('UNKNOWN', 'x' x ($length - length v1('UNKNOWN', ''))) }
keeps("a line of $_ bytes", unknown($_)) for 106, 107;
keeps('a line of 107 bytes by bytes', unknown(107), as => 'bytes:0.005');
refuses_openly("a line of $_ bytes", unknown($_)) for 108, 109, 300;
refuses_openly('a line of 108 bytes by bytes', unknown(108), as => 'bytes:0.005');
refuses_openly("a line of $_ bytes without an end", substr unknown($_ + 2), 0, $_) for 107, 60_000;
refuses_openly('a TCP4 line of 107 bytes without an end', 'PROXY TCP4 1.2.3.4 5.6.7.8 1 ' . '2' x 78);

# Without its CRLF a line is not over.
expires($_->[0], $_->[1], on => $deadline) for
  ['a TCP4 line with LF alone', "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n"], ['a TCP4 line with CR alone', "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r"],
  ['an UNKNOWN line with LF alone', "PROXY UNKNOWN\n"], ['CRLF alone', "\r\n"], ['a line of 15 bytes whose last is CR', "PROXY UNKNOWN \r"];

# --- what breaks the grammar --------------------------------------------------------------

# The grammar itself is what test/unit is about; here is a line or two for each field that can be bad, and each way to end too early
# or too late.
my %bad = (
  'the protocol' => ['', 'TCP4', 'TCP4 ', 'TCP5 1.2.3.4 5.6.7.8 1 2', 'UDP4 1.2.3.4 5.6.7.8 1 2', 'tcp4 1.2.3.4 5.6.7.8 1 2',
    'TCP4x 1.2.3.4 5.6.7.8 1 2', 'unknown', 'UNKNOWNx 1.2.3.4 5.6.7.8 1 2', "UNKNOWN\r", "UNKNOWN\n", ' TCP4 1.2.3.4 5.6.7.8 1 2'],
  'a separator' => ['TCP4  1.2.3.4 5.6.7.8 1 2', 'TCP4 1.2.3.4 5.6.7.8 1  2', "TCP4 1.2.3.4\t5.6.7.8 1 2", "TCP4 1.2.3.4 5.6.7.8 1\x0b2",
    "TCP4 1.2.3.4 5.6.7.8 1\r2", "TCP4 1.2.3.4\n5.6.7.8 1 2", "TCP4 1.2.3.4 5.6.7.8 1 2\n", "TCP4 1.2.3.4 5.6.7.8 1 2\r", "TCP4 1.2.3.4\0 5.6.7.8 1 2"],
  'the first address' => ['TCP4 256.2.3.4 5.6.7.8 1 2', 'TCP4 01.2.3.4 5.6.7.8 1 2', 'TCP4 1.2.3 5.6.7.8 1 2', 'TCP4 localhost 5.6.7.8 1 2',
    'TCP4 [1.2.3.4] 5.6.7.8 1 2', 'TCP4 fe80::1%1 5.6.7.8 1 2', 'TCP6 1::2:3:4:5:6:7:8 2001:db8::2 1 2', 'TCP6 fe80::1%lo 2001:db8::2 1 2', 'TCP6 ::ffff:1.2.3.256 2001:db8::2 1 2'],
  'the second address' => ['TCP4 1.2.3.4 5.6.7.256 1 2', 'TCP4 1.2.3.4 x 1 2', 'TCP4 1.2.3.4 2001:db8::2%lo 1 2', 'TCP6 2001:db8::1 5.6.7.256 1 2', 'TCP6 2001:db8::1 nonsense 1 2'],
  'the first port'  => [map { "TCP4 1.2.3.4 5.6.7.8 $_ 2" } '65536', '-1', '+25', '025', '4294967321', 'a', ''],
  'the second port' => [(map { "TCP4 1.2.3.4 5.6.7.8 1 $_" } '65536', '-1', '+25', '025', '4294967321', '18446744073709551641', '0x19', ''), 'TCP6 2001:db8::1 2001:db8::2 1 65536'],
  'the number of fields' => ['TCP4 1.2.3.4', 'TCP4 1.2.3.4 5.6.7.8', 'TCP4 1.2.3.4 5.6.7.8 1', 'TCP4 1.2.3.4 5.6.7.8 1 2 ', 'TCP4 1.2.3.4 5.6.7.8 1 2 3'],
);
for my $field (sort keys %bad) {
  refuses("a line for $field: " . show($_), v1($_)) for $bad{$field}->@*;
}

# It is consumed to its own end, whenever that comes.
refuses("by bytes: $_", v1($_), as => 'bytes:0.01') for 'TCP5 1.2.3.4 5.6.7.8 1 2', 'TCP4 1.2.3.4 5.6.7.8 1 65536', 'UNKNOWNx', '';
refuses('a line whose CRLF comes half a second later', v1('TCP5 1.2.3.4 5.6.7.8 1 2'), as => 'cut:30:0.5');
refuses('a line whose CR and LF come apart', v1('TCP4 1.2.3.4 5.6.7.8 1 x'), as => 'cut:32:0.5');

refuses('a line from ::1', v1('TCP6 2001:db8::1 2001:db8::2 1 65536'), v6 => 1);

run();
