#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Resets and closes at each stage of a session: no half message counts, and no process is left.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib", "$FindBin::RealBin/../../lib";
use Test::Abuse;
use Test::Crowd ();
use Guide qw(node_log);

# The connection breaks in the header, after each byte that means something; before the banner; and at each stage of the session.
sub reset_ {
  my ($count) = @_;
  exim_node(main => { log_selector => '+proxy +smtp_connection', smtp_receive_timeout => NEVER . 's' });
  my $v1 = "PROXY TCP4 192.0.2.1 198.51.100.1 1025 25\r\n";
  my $v2 = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x19" . pack('C8 n2', 192, 0, 2, 1, 198, 51, 100, 1, 1025, 25) . "\2\0\x0amx.example";
  my @in_header = ((map { substr $v1, 0, $_ } 0, 1, 5, 6, 7, 11, 20, length($v1) - 2, length($v1) - 1),
    (map { substr $v2, 0, $_ } 1, 2, 11 .. 16, 17, 28, 29, 31, length($v2) - 1), "PROXY TCP4 x\r", substr $v2 =~ s/\x21\x11/\x51\x11/r, 0, 20);
  my @session = ([send => $v1], [reply => qr/^220 /], [send => "EHLO client.example\r\n"], [reply => qr/^250 /m], [send => "MAIL FROM:<x\@client.example>\r\n"],
    [reply => qr/^250 /], [send => "RCPT TO:<user\@mx.example.com>\r\n"], [reply => qr/^250 /], [send => "DATA\r\n"], [reply => qr/^354 /],
    [send => "Subject: half\r\n"], [send => "\r\n" . 'x' x 20_000 . "\r\n"], [send => '.'], [send => "\r"]);
  my @stages = ((map { [[send => $_]] } @in_header), map { [@session[0 .. $_]] } 0 .. $#session);
  my $crowd = Test::Crowd->new;
  my (@broken, @whole);
  for (1 .. $count) {
    for my $stage (@stages) {
      # clock: the server may wait already, or not yet
      for my $end ([[reset => 1]], [[close => 1]], [[wait => 0.2], [reset => 1]], [[wait => 0.2], [close => 1]]) {
        push @broken, $crowd->add(listed(@$stage, @$end));
      }
    }
    # all of a message, and gone before the response: nobody knows whether it counts, but it must not be half there
    for my $end ('reset', 'close') {
      my $peer = mail_peer(listed(), $v1);
      my ($sent) = grep { ($peer->{steps}[$_][1] // '') =~ /\r\n\.\r\n\z/ } 0 .. $peer->{steps}->$#*;
      splice $peer->{steps}->@*, $sent + 1, 99, [$end => 1];
      push @whole, $crowd->add($peer);
    }
    push @whole, $crowd->add(mail_peer(listed(), $v2));
  }
  $crowd->run;
  my @odd = grep { $_->{outcome} ne 'done' } @broken, @whole;
  check('reset: ' . (@broken + @whole) . ' connections go as far as they should', !@odd, few(map { "$_->{outcome} in $_->{in}: $_->{said}" } @odd));
  check_after('reset');          # whose deadlines are far: it was noticed that they had gone
  my $lost = () = node_log($node) =~ / lost(?: D=|$)/mg;
  check("reset: connections lost in the header are in the log: $lost", $lost >= @in_header * 4 * $count, '');
  serves('reset');
  check_mail('reset');
  return;
}

part('reset', 2, \&reset_);
