#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# After a failed negotiation each command but QUIT gets 503, until there are too many. No log has any of the peer's text.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Wire;

my $exim = exim('main', tls => 1);

# A session that has failed, by a bad line
sub failed { my ($case, %o) = @_; my $c = $case->connect(%o); $o{tls} ? $c->tls(after => BAD_V1) : $c->send(BAD_V1); $c->banner; return $c }

for my $command ('HELO x', 'EHLO x', 'MAIL FROM:<a@b.test>', 'RCPT TO:<a@b.test>', 'DATA', 'BDAT 5 LAST', 'RSET', 'NOOP', 'VRFY x', 'HELP', 'AUTH PLAIN AGEAYg==',
  'STARTTLS', 'XCLIENT ADDR=1.2.3.4', '', ' ', 'junk', 'QUITx', 'QUIT x', "QUIT\0", "\0QUIT", "N\0OP", "EHLO x\0", "\e]0;x\a", "\xe2\x80\xa8QUIT", "\x80\x9b2J") {
  test('refuses ' . show($command), sub { my $c = failed(shift); $c->refused($command, $command); $c->is_failed });
}
for my $command ('EHLO x', 'NOOP', 'AUTH PLAIN AGEAYg==', 'MAIL FROM:<a@b.test>') {
  test("refuses $command over TLS on connect", sub { my $c = failed(shift, tls => 1); $c->refused($command, $command); $c->is_failed });
}
for my $quit ('quit', 'QUIT ', 'Quit') {
  test('takes ' . show($quit) . ' for QUIT', sub { my $c = failed(shift); $c->command($quit, qr/^221 /); $c->ended; $c->is_failed });
}

for my $tls (0, 1) {
  my $in = $tls ? ' in TLS' : '';
  test("refuses a line of 600000 bytes$in when its end comes", sub {
    my $c = failed(shift, tls => $tls);
    $c->send('QUIT' x 150_000);
    $c->fail('answered before its end') if defined $c->more(0.5);    # clock: an answer may come later too, and is one too many then
    $c->command('', REFUSED);
    $c->refused;
    $c->is_failed;
  });
  test("ends when the peer shuts down within a line of 600000 bytes$in after the last refusal", sub {
    my $c = failed(shift, tls => $tls);
    $c->command('NOOP', REFUSED) for 1 .. REFUSALS;
    $c->send('PEERTEXT' x 75_000);
    $c->shuts;
    while ($c->more) { }
    $c->fail('the connection is still open') if !$c->{gone};
  });
}
test('refuses a line with LF alone', sub {
  my $c = failed(shift);
  $c->send("NOOP\n");
  $c->expect('NOOP', REFUSED);
  $c->quit;
});
for my $quit (0, 1) {
  test('refuses each of several commands in a segment' . ($quit ? ', but for QUIT' : ''), sub {
    my $c = failed(shift);
    $c->send("EHLO x\r\nMAIL FROM:<a\@b.test>\r\nNOOP\r\n" . ($quit ? "QUIT\r\n" : ''));
    $c->expect('a command', REFUSED) for 1 .. 3;
    if ($quit) { $c->expect('QUIT', qr/^221 /); $c->ended } else { $c->quit }
    $c->is_failed;
  });
}
for my $what ('NOOP', '', 'junk', 'EHLO x', 'MAIL FROM:<a@b.test>', 'RSET', "\e]0;PEERTEXT\a", "\xe2\x80\xa8PEERTEXT", "\x80\x9b\xffPEERTEXT", "\0PEERTEXT\x7f", 'PEERTEXT' x 75_000) {
  test('drops the connection after ' . REFUSALS . ' commands: ' . show($what), sub {
    my $c = failed(shift);
    $c->command($what, REFUSED) for 1 .. REFUSALS;
    $c->command($what, '554 Too many commands');
    $c->ended;
    $c->is_failed;
    $c->logged('why it was dropped', qr/^\S+ \S+ SMTP call from \[\Q$c->{ip}\E\]:$c->{sport} I=\S+ dropped: too many commands after failed PROXY negotiation$/);
  });
}
test('takes QUIT after as many commands as are refused', sub {
  my $c = failed(shift);
  $c->command('NOOP', REFUSED) for 1 .. REFUSALS;
  $c->quit;
});
run(sub {
  my $log = $exim->log . $exim->log('reject');
  unlike($log, qr/ <= /, 'has accepted no message');
  unlike($log, qr/PEERTEXT/, 'has logged nothing that the peers sent');
});
