#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/fuzz/naive.pl <TOLD
#
# A decoder of PROXY protocol headers for comparison, written from a description of the protocol alone, by
# regular expressions and unpack. Reads what the parser has told of some inputs (test/fuzz/tell.c), and prints where it
# does not agree, and how many inputs there were. A line is "tell: INPUT VERDICT", in which INPUT is in hex and VERDICT
# is one of
#
#   none
#   more SIZE          SIZE of the whole header, 0 if it is not known yet
#   bad SIZE           where the header ends, 0 if that is not known
#   good SIZE VERSION COMMAND CLIENT SOURCE PORT TARGET PORT NAME=VALUE...
#
# with addresses (IPv4 as mapped) and values in hex, text after it was escaped, CLIENT 1 if there are addresses, and the
# names in alphabetical order. Other lines are ignored.
#
# exit codes: 0 all agree; 1 not so, or there are no inputs; 2 bad usage

use strict;
use warnings;
use FindBin ();
use bytes;
use lib "$FindBin::RealBin/../lib";
use Help qw(arguments);

my $octet = qr/(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])/;
my $quad = qr/$octet(?:\.$octet){3}/;
my $group = qr/[0-9A-Fa-f]{1,4}/;
my $nothing = '0 ' . '00' x 16 . ' 0 ' . '00' x 16 . ' 0';
my $port = qr/(?:0|[1-9][0-9]{0,4})/;

sub quad_bytes { return pack 'C4', split /\./, $_[0] }

# Either family, as 16 bytes

sub address { my $s = shift; return $s =~ /\A$quad\z/ ? mapped(quad_bytes($s)) : inet6($s) }

sub mapped { return "\0" x 10 . "\xff\xff$_[0]" }

sub inet6
{
my $s = shift;
$s =~ s/(\A|:)($quad)\z/$1 . join ':', map { sprintf '%x', $_ } unpack 'n2', quad_bytes($2)/e;
return undef if $s =~ /::.*::/ || $s =~ /:::/;
my ($head, $tail) = $s =~ /\A(.*)::(.*)\z/s ? ($1, $2) : ($s, undef);
for ($head, $tail) { return undef if defined && $_ ne '' && !/\A$group(?::$group)*\z/ }
my @head = split /:/, $head;
my @tail = defined $tail ? split /:/, $tail : ();
return undef if defined $tail ? @head + @tail > 7 : @head != 8;
return pack 'n8', map { hex } @head, (0) x (8 - @head - @tail), @tail;
}

sub one
{
my $d = shift;
my $end = index $d, "\r\n";
return length $d < 107 ? 'more 0' : 'bad 0' if $end < 0;
my $size = $end + 2;
my $line = substr $d, 0, $end;
return "bad $size" if $size > 107;
return "good $size 1 unknown $nothing" if $line =~ /\APROXY UNKNOWN(?: .*)?\z/s;
my ($s, $t, $sp, $tp) = $line =~ /\APROXY TCP[46] ([^ ]*) ([^ ]*) ($port) ($port)\z/ or return "bad $size";
($s, $t) = map { address($_) } $s, $t;
return "bad $size" if !defined $s || !defined $t || $sp > 65535 || $tp > 65535;
return "good $size 1 proxy " . client($s, $t, $sp, $tp);
}

sub client { my ($s, $t, $sp, $tp) = @_; return join ' ', 1, unpack('H*', $s), $sp, unpack('H*', $t), $tp }

# A row of TLVs as a list of [type, value, offset of the value], or nothing if it is not well formed

sub row
{
my ($d, @tlvs) = @_;
my $at = 0;
while ($at < length $d)
  {
  my ($type, $value) = eval { unpack 'C n/a*', substr $d, $at };
  return unless defined $value && length $d >= $at + 3
    && length $value == unpack 'n', substr $d, $at + 1, 2;
  push @tlvs, [$type, $value, $at + 3];
  $at += 3 + length $value;
  }
return \@tlvs;
}

sub crc
{
my $crc = 0xffffffff;
for my $c (unpack 'C*', $_[0])
  {
  $crc ^= $c;
  $crc = $crc & 1 ? ($crc >> 1) ^ 0x82f63b78 : $crc >> 1 for 1 .. 8;
  }
return $crc ^ 0xffffffff;
}

my %top = (alpn => 1, authority => 2, unique_id => 5, netns => 0x30, gcp_psc_id => 0xe0, aws_vpce_id => 0xea,
  azure_linkid => 0xee);
my %in_ssl = (ssl_version => 0x21, ssl_cn => 0x22, ssl_cipher => 0x23, ssl_sig_alg => 0x24, ssl_key_alg => 0x25,
  ssl_group => 0x26, ssl_sig_scheme => 0x27, ssl_client_cert => 0x28);

# RFC 3629's own grammar of UTF-8, less the control characters, the backslash, and what ends lines or turns the
# direction of writing (U+2028 to U+202E, U+2066 to U+2069)
my $shown = qr/[\x20-\x5b\x5d-\x7e]|\xc2[\xa0-\xbf]|[\xc3-\xdf][\x80-\xbf]
  |\xe0[\xa0-\xbf][\x80-\xbf]|(?!\xe2(?:\x80[\xa8-\xae]|\x81[\xa6-\xa9]))[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]
  |\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/x;

sub text
{
my $s = shift;
$s =~ s/\G(?:($shown)|(.))/defined $1 ? $1 : $2 eq "\\" ? "\\\\" : sprintf "\\%03o", ord $2/ges;
return $s;
}

# Values by name. One that does not fit its definition is as good as absent: the next of its type counts.

sub values_of
{
my ($tlvs) = @_;
my %v;
my ($ssl) = grep { $_->[0] == 0x20 && length $_->[1] >= 5 && row(substr $_->[1], 5) } @$tlvs;
my $inner = $ssl ? row(substr $ssl->[1], 5) : [];
my $sent_cert = $ssl && ord($ssl->[1]) & 6;
my %is_bytes = map { $_ => 1 } qw(azure_linkid gcp_psc_id ssl_client_cert);
my %fits = (unique_id => sub { length $_[0] <= 128 }, gcp_psc_id => sub { length $_[0] == 8 },
  aws_vpce_id => sub { $_[0] =~ s/\A\x01// }, azure_linkid => sub { $_[0] =~ s/\A\x01(?=.{4}\z)//s });
for my $name (keys %top, keys %in_ssl)
  {
  for my $tlv (@{ $top{$name} ? $tlvs : $inner })
    {
    my $value = $tlv->[1];
    next if $tlv->[0] != ($top{$name} // $in_ssl{$name}) || ($fits{$name} && !$fits{$name}->($value));
    $v{$name} = $is_bytes{$name} ? $value : text($value);
    last;
    }
  }
delete $v{ssl_cn} unless $sent_cert;
$v{ssl_verify} = substr $ssl->[1], 1, 4 if $sent_cert;
return join '', map { " $_=" . unpack 'H*', $v{$_} } sort keys %v;
}

# The TLVs of a whole header, or nothing if it is bad

sub good_row
{
my ($d, $start) = @_;
my $tlvs = row(substr $d, $start) or return;
my @sums = grep { $_->[0] == 3 } @$tlvs;
return if @sums > 1;
for (@sums)
  {
  return unless length $_->[1] == 4;
  substr(my $zeroed = $d, $start + $_->[2], 4) = "\0" x 4;
  return if crc($zeroed) != unpack 'N', $_->[1];
  }
return $tlvs;
}

sub two
{
my $d = shift;
return 'more 0' if length $d < 16;
my ($command, $family, $length) = unpack 'x12 C C n', $d;
my $size = 16 + $length;
my $start = [0, 12, 36, 216]->[$family >> 4];
return "bad $size" unless $command == 0x20
  || ($command == 0x21 && defined $start && ($family & 15) < 3 && $length >= $start);
return "more $size" if length $d < $size;
$d = substr $d, 0, $size;
return "good $size 2 local $nothing" if $command == 0x20;

my $tlvs = good_row($d, 16 + $start);
$tlvs //= [] if $family < 0x10 && !row(substr $d, 16);	# then it is addresses of no known family
return "bad $size" unless $tlvs;
my @client = $family == 0x11 ? unpack 'x16 a4 a4 n n', $d : $family == 0x21 ? unpack 'x16 a16 a16 n n', $d : ();
@client[0, 1] = map { mapped($_) } @client[0, 1] if $family == 0x11;
return "good $size 2 proxy " . (@client ? client(@client) : $nothing) . values_of($tlvs);
}

sub decode
{
my $d = shift;
my ($one, $two) = ('PROXY ', "\r\n\r\n\0\r\nQUIT\n");
return one($d) if $d =~ /\A\Q$one\E/;
return two($d) if $d =~ /\A\Q$two\E/;
return substr($one, 0, length $d) eq $d || substr($two, 0, length $d) eq $d ? 'more 0' : 'none';
}

arguments(0, 0);
my ($count, $wrong) = (0, 0);
while (<STDIN>)
  {
  my ($input, $told) = /^tell: ([0-9a-f]*) (.*)/ or next;
  my $mine = decode(pack 'H*', $input);
  $count++;
  next if $mine eq $told;
  print "$input: the parser says: $told; naive.pl: $mine\n" if $wrong++ < 5;
  }
print "$count inputs, $wrong of which are told otherwise\n";
exit($wrong > 0 || $count == 0);
