#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Without a daemon: -bh and -bs from a pipe or a terminal, -bs on a socket as inetd starts it; and what the binary says of the feature.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use POSIX qw(WNOHANG);
use Test::Header qw(v1 v2 LOCAL);
use Test::Place qw(contents spawn within write_file);
use Time::HiRes qw(sleep);
use Lateness qw(now);
use Test::Wire;

my $exim = exim('main', idle => 1);
my $deadline = exim('deadline', deadline => 1, idle => 1);

# over_pipes NAME, [ARGUMENT...], INPUT, [REGEX that output or log must match...], [REGEX that they must not...], OPTION...
# Options: pause, seconds between bytes; silence, no input until the banner; conf, more for the configuration.
sub over_pipes {
  my ($name, $arguments, $input, $want, $not, %o) = @_;
  test($name, sub {
    my ($case) = @_;
    my $on = $o{silence} ? $deadline : $exim;
    my @command = $on->command(@$arguments);
    my ($out, $err, $conf) = map { $on->path("pipe-$case->{serial}.$_") } qw(out err conf);
    unlink $out;
    if ($o{conf}) { write_file($conf, contents($command[2]) =~ s/^begin acl/$o{conf}\nbegin acl/mr); $command[2] = $conf }
    pipe my $r, my $w or die "pipe: $!\n";
    my $t0 = now;    # clock: begins before the server's
    my $pid = spawn(['<&', $r], ['>', $out], ['>', $err], @command);
    close $r;
    if ($o{silence}) { within(sub { contents($out) =~ /^220 /m }); Test::Wire::at_deadline($t0) }
    for ($o{pause} ? split(//, $input) : $input) { syswrite $w, $_; sleep $o{pause} // 0 }    # clock: segments
    close $w;
    within(sub { waitpid($pid, WNOHANG) == $pid }) or kill('KILL', $pid), die "it did not end after the end of its input\n";
    my $said = contents($out) . contents($err);
    die "it ended by a signal\n$said" if $? & 127;
    for (@$want) { $said =~ $_ or die "expected $_ in\n", substr $said, 0, 3000 }
    for (@$not)  { $said !~ $_ or die "did not expect $_ in\n", substr $said, 0, 3000 }
  });
  return;
}

my $mail = "EHLO case.test\r\nMAIL FROM:<a\@b.test>\r\nRCPT TO:<c\@d.test>\r\nQUIT\r\n";
my @served = (qr/^220 wire/m, qr/^250[- ].*Hello case\.test/m, qr/^221 /m);
my @bh = ('-bh', '10.0.0.1');
my @other = ('-bh', '192.0.2.9');
my $refusal = qr/^\Q${\REFUSED}\E\r?\n/m;
sub good { my ($name, $arguments, $header, $log, @how) = @_; over_pipes("takes $name", $arguments, $header . $mail, [@served, @$log], [qr/^5\d\d /m], @how); return }

good('v1 with -bh', [@bh], V1, [qr/CONN ps=<yes> pha=<10\.0\.0\.1> php=<[^>]*> pta=<198\.51\.100\.7> ptp=<25> sha=<203\.0\.113\.5> shp=<1025>/, qr/Hello case\.test \[203\.0\.113\.5\]/]);
good('v1 with -bh and a port', ['-bh', '10.0.0.1.4321'], V1, [qr/CONN ps=<yes> pha=<10\.0\.0\.1> php=<4321> pta=<198\.51\.100\.7> ptp=<25> sha=<203\.0\.113\.5> shp=<1025>/]);
good('v1 TCP6 with -bh', [@bh], V1_6, [qr/sha=<2001:db8::5>/]);
good('v2 with -bh', [@bh], V2, [qr/sha=<203\.0\.113\.6> shp=<1027>/]);
good('v2 of 60016 bytes with -bh', [@bh], LONG, [qr/sha=<203\.0\.113\.9> shp=<1029>/]);
good('v2 LOCAL with -bh', [@bh], v2(LOCAL, 0, ''), [qr/pha=<10\.0\.0\.1> php=<[^>]*> pta=<> ptp=<> sha=<10\.0\.0\.1>/]);
good('v1 by bytes with -bh', [@bh], V1, [qr/sha=<203\.0\.113\.5>/], pause => 0.01);
good('no header of an unlisted peer with -bh', [@other], '', [qr/ps=<no> pha=<> php=<> pta=<> ptp=<> sha=<192\.0\.2\.9>/]);
over_pipes('refuses a bad v1 with -bh', [@bh], v1('TCP4 1.2.3.4 5.6.7.8 1 x') . $mail, [qr/^220 /m, $refusal, qr/^221 /m, qr/ps=<yes> pha=<> php=<> pta=<> ptp=<> sha=<10\.0\.0\.1>/], [qr/^250/m]);
over_pipes('refuses commands with -bh without a header', [@bh], $mail, [qr/^220 /m, qr/(?:$refusal){3}221 /m, qr/ps=<yes> pha=<>/], [qr/^250/m]);
over_pipes('ends with -bh after part of a header and its end', [@bh], substr(V1, 0, 20), [], [qr/^250/m]);
over_pipes('ends with -bh after nothing', [@bh], '', [], [qr/^250/m]);
over_pipes('refuses commands with -bh after 3 s of silence', [@bh], "NOOP\r\nQUIT\r\n", [qr/^220 /m, $refusal, qr/^221 /m], [qr/^250/m], silence => 1);
over_pipes('ends a session with -bh that an unlisted peer begins with a header', [@other], V1 . $mail, [qr/^554 Unexpected PROXY header\r?$/m, qr/ps=<no>/], [qr/^250/m, qr/203\.0\.113\.5\]/]);
over_pipes('tells the reason of a refusal with -bh -d', ['-d', @bh], v1('TCP4 1.2.3.4 5.6.7.8 1 65536') . "QUIT\r\n", [qr/proxy.*/i, qr/^221 /m], [qr/^250/m]);
over_pipes('asks for nothing with -bs from a pipe', ['-bs'], "EHLO case.test\r\nQUIT\r\n", [qr/^220 /m, qr/^250[- ]/m, qr/^221 /m], [qr/^503/m]);
over_pipes('takes a header with -bs from a pipe for a command', ['-bs'], V1 . "QUIT\r\n", [qr/^220 /m, qr/^500 /m, qr/^221 /m], [qr/^503/m]);
over_pipes('lists the feature with -bV', ['-bV'], '', [qr/^Support for:.* Experimental_Proxy\b/m], []);
over_pipes('shows the option with -bP', ['-bP', 'proxy_required_hosts'], '', [qr/^proxy_required_hosts = \Q${\LISTED}\E$/m], []);
over_pipes('has the macro _HAVE_EXPERIMENTAL_PROXY', ['-bP', 'qualify_domain'], '', [qr/^qualify_domain = have\.test$/m], [], conf => ".ifdef _HAVE_EXPERIMENTAL_PROXY\nqualify_domain = have.test\n.endif\n");

# A terminal hands over CR as it is, a line at a time.
for (['takes v1', V1, qr/sha=<203\.0\.113\.5> shp=<1025>/, qr/^250[- ]wire\.test Hello x/m], ['refuses no header', '', qr/ps=<yes> pha=<>/, $refusal]) {
  my ($does, $header, @want) = @$_;
  test("$does with -bh on a terminal", sub {
    my ($case) = @_;
    my ($unlock, $number) = (pack('i', 0), pack 'i', 0);
    open my $pty, '+<', '/dev/ptmx' or $case->skip('no terminal here');
    ioctl $pty, 0x40045431, $unlock and ioctl $pty, 0x80045430, $number or $case->skip('no terminal here');
    open my $tty, '+<', '/dev/pts/' . unpack 'i', $number or $case->skip('no terminal here');
    my $mode = POSIX::Termios->new;
    $mode->getattr(fileno $tty);
    $mode->setiflag($mode->getiflag & ~POSIX::ICRNL());
    $mode->setlflag($mode->getlflag & ~POSIX::ECHO());
    $mode->setattr(fileno $tty, POSIX::TCSANOW());
    my $out = $exim->path("terminal-$case->{serial}");
    my $pid = spawn(['<&', $tty], ['>', $out], ['>&', \*STDOUT], $exim->command(@bh));
    syswrite $pty, "${header}EHLO x\r\nQUIT\r\n";
    within(sub { waitpid($pid, WNOHANG) == $pid }) or kill('KILL', $pid), die "it did not end\n";
    my $said = contents($out);
    for (@want, qr/^221 /m) { $said =~ $_ or die "expected $_ in\n", substr $said, 0, 3000 }
  });
}

# --- -bs on a socket, as inetd starts it, and signals meanwhile -----------------------------------

my %own = (ria => qr/^(127\.0\.0\.1)?$/, rp => qr/^\d*$/);    # -oMi is what gives -bs these

test('takes v1 with -bs on a socket', sub { my $c = shift->inetd($exim); $c->send(V1); $c->takes(V1_IS, %own) });
test('keeps the real ends for LOCAL with -bs on a socket', sub { my $c = shift->inetd($exim); $c->send(v2(LOCAL, 0, '')); $c->keeps(%own) });
test('refuses a bad v1 with -bs on a socket', sub { my $c = shift->inetd($exim); $c->send(v1('TCP5', 'x')); $c->refuses(%own) });
test('waits no longer than the deadline for silence with -bs on a socket', sub { my $c = shift->inetd($deadline); $c->deadline; $c->refused; $c->is_failed(%own) });

# A process that has only begun would be ended by the signal: where that can be seen, wait until it takes it.
sub takes_usr1 {
  my ($pid) = @_;
  within(sub { contents("/proc/$pid/status") !~ /^SigCgt:\s*[0-9a-f]*([0-9a-f]{8})$/m or hex($1) & 1 << 9 });
  return;
}
test('takes v1 with signals in the middle of it with -bs on a socket', sub {
  my $c = shift->inetd($exim);
  $c->send(substr V1, 0, 20);
  takes_usr1($c->{server});
  for (1 .. 3) { sleep 0.3; kill 'USR1', $c->{server} }    # clock: their pace
  $c->send(substr V1, 20);
  $c->takes(V1_IS, %own);
});
test('waits no longer for a header while signals come with -bs on a socket', sub {
  my $c = shift->inetd($deadline);
  $c->send('PROXY ');
  takes_usr1($c->{server});
  my $signals = 0;
  until (defined $c->more(0.4)) {    # clock: their pace
    kill 'USR1', $c->{server};
    $c->fail('no deadline comes while there are signals') if ++$signals > 1000;
  }
  $c->deadline;
  $c->refused;
  $c->is_failed(%own);
});

run();
