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
  TCP4 => ['1.2.3.4 5.6.7.8 1 2', '0.0.0.0 0.0.0.0 0 0', '255.255.255.255 255.255.255.255 65535 65535', '127.0.0.9 127.0.0.10 9 10',
    # of the other family, or of both
    '198.51.100.7 2001:db8::9 1 25', '2001:db8::1 2001:db8::2 1 2', '2001:db8::1 5.6.7.8 1 2', '1.2.3.4 ::ffff:5.6.7.8 1 2'],
  TCP6 => ['2001:db8::1 2001:db8::2 1 2', ':: :: 0 0', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF 65535 65535',
    '2001:DB8:0:0::1 0000:0000:0000:0000:0000:0000:0000:0000 3 4', '1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 9 10', '::ffff:1.2.3.4 ::FFFF:5.6.7.8 13 14',
    '::ffff:102:304 0:0:0:0:0:ffff:506:708 17 18', '::ffff:0:1.2.3.4 ::1.2.3.4 21 22', '5.6.7.8 1.2.3.4 12345 25', '::ffff:1.2.3.4 5.6.7.8 1 2'],
);
for my $word (sort keys %line) {
  takes("$word $_", v1($word, $_), join ' ', (split)[0, 2, 1, 3]) for $line{$word}->@*;
}

keeps('UNKNOWN' . ($_ eq '' ? '' : ' and then ' . show($_)), "PROXY UNKNOWN$_\r\n") for
  '', ' 1.2.3.4 5.6.7.8 1 2', '  two  spaces', " \xff\xfe a\rb\nc", ' PROXY TCP4 1.2.3.4 5.6.7.8 1 2';
keeps('UNKNOWN by bytes', v1('UNKNOWN'), as => 'bytes:0.01');
keeps('UNKNOWN from ::1', v1('UNKNOWN'), v6 => 1);

# The longest line that the protocol allows has 107 bytes.
sub unknown { my ($length) = @_; return v1('UNKNOWN', 'x' x ($length - length v1('UNKNOWN', ''))) }
keeps('a line of 107 bytes', unknown(107));
keeps('a line of 107 bytes by bytes', unknown(107), as => 'bytes:0.005');
refuses_openly('a line of 108 bytes', unknown(108));
refuses_openly('a line of 108 bytes by bytes', unknown(108), as => 'bytes:0.005');
refuses_openly("a line of $_ bytes without an end", substr unknown($_ + 2), 0, $_) for 107, 60_000;

# Without its CRLF a line is not over.
expires($_->[0], $_->[1], on => $deadline) for
  ['a TCP4 line with LF alone', "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n"], ['a TCP4 line with CR alone', "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r"],
  ['an UNKNOWN line with LF alone', "PROXY UNKNOWN\n"], ['CRLF alone', "\r\n"], ['a line of 15 bytes whose last is CR', "PROXY UNKNOWN \r"];

# --- what breaks the grammar --------------------------------------------------------------

# The grammar itself is what test/unit is about; here is a line for each field that can be bad, and each way to end.
refuses('a line with a bad field: ' . show($_), v1($_)) for
  '', 'TCP5 1.2.3.4 5.6.7.8 1 2', 'UNKNOWNx', 'TCP4  1.2.3.4 5.6.7.8 1 2', "TCP4 1.2.3.4\t5.6.7.8 1 2", 'TCP4 256.2.3.4 5.6.7.8 1 2', 'TCP4 localhost 5.6.7.8 1 2',
  'TCP6 2001:db8::1 fe80::1%lo 1 2', 'TCP4 1.2.3.4 5.6.7.8 65536 2', 'TCP4 1.2.3.4 5.6.7.8 1 025', 'TCP4 1.2.3.4 5.6.7.8 1', 'TCP4 1.2.3.4 5.6.7.8 1 2 ',
  "TCP4 1.2.3.4 5.6.7.8 1 2\r", "TCP4 1.2.3.4 5.6.7.8 1 2\n", "TCP4 1.2.3.4\0 5.6.7.8 1 2";

# It is consumed to its own end, whenever that comes.
refuses("by bytes: $_", v1($_), as => 'bytes:0.01') for 'TCP5 1.2.3.4 5.6.7.8 1 2', 'TCP4 1.2.3.4 5.6.7.8 1 65536', 'UNKNOWNx', '';
refuses('a line whose CRLF comes half a second later', v1('TCP5 1.2.3.4 5.6.7.8 1 2'), as => 'cut:30:0.5');
refuses('a line whose CR and LF come apart', v1('TCP4 1.2.3.4 5.6.7.8 1 x'), as => 'cut:32:0.5');

refuses('a line from ::1', v1('TCP6 2001:db8::1 2001:db8::2 1 65536'), v6 => 1);

run();
