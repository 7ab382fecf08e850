#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Resets and closes at each stage of a session: no half message counts, and no process is left.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Abuse;
use Test::Crowd ();
use Test::Header qw(v1 v2 ipv4 tlv PROXY TCP4);

# The connection breaks in the header, after each byte that means something; before the banner; and at each stage of the session.
part(2, sub {
  my ($count) = @_;
  my $exim = exim('mx', set => { log_selector => '+proxy +smtp_connection', smtp_receive_timeout => NEVER . 's' });
  my $v1 = v1('TCP4', '192.0.2.1', '198.51.100.1', 1025, 25);
  my $rest = ipv4('192.0.2.1', '198.51.100.1', 1025, 25) . tlv(2, 'mx.example');
  my $v2 = v2(PROXY, TCP4, $rest);
  my @in_header = ((map { substr $v1, 0, $_ } 0, 1, 5, 6, 7, 11, 20, length($v1) - 2, length($v1) - 1),
    (map { substr $v2, 0, $_ } 1, 2, 11 .. 16, 17, 28, 29, 31, length($v2) - 1), "PROXY TCP4 x\r", substr v2(0x51, TCP4, $rest), 0, 20);
  my @session = ([send => $v1], [reply => qr/^220 /], [send => "EHLO client.example\r\n"], [reply => qr/^250 /m], [send => "MAIL FROM:<x\@client.example>\r\n"],
    [reply => qr/^250 /], [send => "RCPT TO:<user\@mx.test>\r\n"], [reply => qr/^250 /], [send => "DATA\r\n"], [reply => qr/^354 /],
    [send => "Subject: half\r\n"], [send => "\r\n" . 'x' x 20_000 . "\r\n"], [send => '.'], [send => "\r"]);
  my $crowd = Test::Crowd->new;
  my @peers;
  for (1 .. $count) {
    for my $stage ((map { [[send => $_]] } @in_header), map { [@session[0 .. $_]] } 0 .. $#session) {
      # clock: the server may wait already, or not yet
      for my $end ([[reset => 1]], [[close => 1]], [[wait => 0.2], [reset => 1]], [[wait => 0.2], [close => 1]]) { push @peers, $crowd->add(listed(@$stage, @$end)) }
    }
    # all of a message, and gone before the response: nobody knows whether it counts, but it must not be half there
    for my $end ('reset', 'close') {
      my $peer = mail_peer(listed(), $v1);
      my ($sent) = grep { ($peer->{steps}[$_][1] // '') =~ /\r\n\.\r\n\z/ } 0 .. $peer->{steps}->$#*;
      splice $peer->{steps}->@*, $sent + 1, 99, [$end => 1];
      push @peers, $crowd->add($peer);
    }
    push @peers, $crowd->add(mail_peer(listed(), $v2));
  }
  $crowd->run;
  none_of(@peers . ' connections go as far as they are meant to', map { "$_->{outcome} in $_->{in}: $_->{said}" } grep { $_->{outcome} ne 'done' } @peers);
  ok($exim->no_children, 'every session has ended, though the deadlines are far');
  cmp_ok(scalar(() = $exim->log =~ / lost(?: D=|$)/mg), '>=', @in_header * 4 * $count, 'connections that are lost in the header are in the log');
  serves();
  all_delivered();
});
