#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The values of TLVs. One that does not fit its definition has no name, but a number.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::Header qw(v2 ipv4 tlv tls PROXY TCP4);
use Test::Wire;

exim('main');

# has NAME, TYPE, VALUE, NAME => VALUE...: what it is by name; without one, all names are empty.
sub has {
  my ($name, $type, $value, %named) = @_;
  test("reads $name" . (%named ? '' : ' by its number only'), sub {
    my $c = shift->begin(v2(PROXY, TCP4, ipv4('203.0.113.10', '198.51.100.9', 1, 2) . tlv($type, $value)));
    $c->banner;
    $c->served;
    my $number = sprintf '%02x', $type;
    my $text = $value =~ s/\\/\\\\/gr =~ s/([^\x20-\x7e])/sprintf '\\%03o', ord $1/ger;
    $c->is_client('203.0.113.10 1 198.51.100.9 2', (map { $_ => '' } TLV), "0x$number" => unpack('H*', $value), "text_0x$number" => $text, %named);
  });
  return;
}
sub has_tls { my ($name, $tlv, %named) = @_; has($name, 0x20, substr($tlv, 3), %named); return }

has('a TLV of TLS without a value', 0x20, '');
has('a TLV of TLS of one byte', 0x20, "\7");
has('a TLV of TLS of 3 bytes', 0x20, "\1\0\0");
has('a TLV of TLS of 4 bytes', 0x20, "\7\0\0\0");
has_tls('a TLV of TLS of 5 bytes', tls(7, 0), ssl_verify => 'ok');
has_tls('a TLV of TLS with others in it', tls(7, 18, tlv(0x21, 'TLSv1.3'), tlv(0x22, 'mx.example')), ssl_verify => 'failed 18', ssl_version => 'TLSv1.3', ssl_cn => 'mx.example');
has_tls("a TLV of TLS with $_->[0] in it", tls(7, 0, tlv(0x21, 'TLSv1.3'), $_->[1])) for
  ['one byte', "\x22"], ['two bytes', "\x22\0"], ['one that overruns it', "\x22\0\5ab"];
has('a UNIQUE_ID of 128 bytes', 0x05, "u\1\\-" x 32, unique_id => 'u\\001\\\\-' x 32);
has('a UNIQUE_ID of 129 bytes', 0x05, 'u' x 129);
has('a GCP id of 8 bytes', 0xe0, "\0\1\2\3abc\xff", gcp_psc_id => '00010203616263ff');
has("a GCP id of $_ bytes", 0xe0, substr 'abcdefghi', 0, $_) for 0, 3, 7, 9;
has('an Azure id of 4 bytes', 0xee, "\1\4\3\2\1", azure_linkid => 0x01020304);
has("an Azure id of $_ bytes", 0xee, "\1" . substr "\1\2\3\4\5", 0, $_) for 0, 3, 5;
has('an Azure TLV of another kind', 0xee, "\2\4\3\2\1");
has('an AWS id', 0xea, "\1vpce-1", aws_vpce_id => 'vpce-1');
has('an AWS TLV without a value', 0xea, '');
has('text that would forge a line', 0x05, "a\r\nb\xe2\x80\xa8c\e\a", unique_id => 'a\\015\\012b\\342\\200\\250c\\033\\007');

run();
