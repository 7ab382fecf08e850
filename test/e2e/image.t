#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The image that scripts/image makes, run by podman behind a real HAProxy. Its argument is the image; without one, the newest
# in build/image. It is skipped where no container can run.
use strict;
use warnings;
use FindBin ();
use JSON::PP qw(decode_json);
use lib "$FindBin::RealBin/../lib";
use Test::HAProxy ();
use Test::More;
use Test::Place qw(alive contents file find_tool free_ports run_quietly start stop within write_file);
use Test::SMTP ();

use constant { FRONT => '127.0.1.1', PROXY => '127.0.1.2', NODE => '127.0.2.1', CLIENT => '127.0.0.10', USER => 925 };

my ($image) = $ARGV[0] // (sort { -M $a <=> -M $b } glob "$FindBin::RealBin/../../build/image/*/*.tar") or plan(skip_all => 'no image here: run scripts/image');
plan(skip_all => 'only root can run a container without more preparation') if $>;
$_ = find_tool($_) // plan(skip_all => "no $_ here: run scripts/setup imagetest") for my ($podman, $crun) = qw(podman crun);

# A podman with storage and a mount name space of its own. crun does not take a machine that has both kinds of control groups.
my @podman = ('unshare', '--mount', 'sh', '-c', 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"', 'podman', $podman, '--root', file('store'),
  '--runroot', file('run'), '--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--runtime', $crun);
sub podman { my ($name, @arguments) = @_; run_quietly($name, @podman, @arguments); return contents(file("$name.out")) }
my @limits = map { ("--ulimit=$_=1024:1024") } qw(nofile nproc);
my @run = ('run', '--network=host', '--cgroups=disabled', '--read-only', '--cap-drop=all', '--security-opt=no-new-privileges', @limits);

podman('load', 'load', '-i', $image);
my ($id) = podman('images', 'images', '-q') =~ /^(\w+)$/m or die "podman has no image\n";
if (!eval { podman('try', @run, '--rm', '--entrypoint', '/bin/true', $id); 1 }) {
  plan(skip_all => 'no container can run here: ' . $@ =~ s/\A.*\n(?=.)//sr =~ s/\n//r);
}

my ($config) = @{ decode_json(podman('inspect', 'inspect', $id)) };
is($config->{Config}{User}, USER . ':' . USER, 'it does not run as root');
is_deeply([sort keys $config->{Config}{Volumes}->%*], ['/var/mail', '/var/spool/exim4'], 'spool and mail are volumes');
cmp_ok(my $size = $config->{Size}, '<', 150e6, 'it is smaller than 150 MB');
note "$size bytes";

my ($p25, $p465, $p587, $front) = free_ports(4);
my %environment = (PROXIES => PROXY, NODE_ADDRESSES => NODE, PORT_25 => $p25, PORT_465 => $p465, PORT_587 => $p587, PRIMARY_HOSTNAME => 'mx1.example.com',
  LOCAL_DOMAINS => 'example.com', TLS_CERTIFICATE => '', TLS_PRIVATE => '');
for (qw(spool mail mail/user)) { mkdir file($_) or die "$_: $!\n"; chown USER, USER, file($_) }
my @container = (@run, '--name', 'exim', '--tmpfs', '/run/exim4:mode=1777', '-v', file('spool') . ':/var/spool/exim4', '-v', file('mail') . ':/var/mail');
sub run { my ($name, %more) = @_; my %is = (%environment, %more); return start($name, @podman, @container, (map { "--env=$_=$is{$_}" } sort grep { defined $is{$_} } keys %is), '--rm', $id) }
sub log_of { return contents(file("$_[0].out")) }

for (['without PROXIES' => qr/set PROXIES/, PROXIES => undef], ['with a key that cannot be read' => qr/TLS_PRIVATE: cannot read/, TLS_PRIVATE => '/nowhere'],
     ['with a line end in a value' => qr/CLIENT_RATE has a line end/, CLIENT_RATE => "1/1m\nadmin_groups = x"]) {
  my ($what, $why, @changed) = @$_;
  my $pid = run($what =~ tr/ /-/r, @changed);
  within(sub { !eval { alive($pid) } });
  like(log_of($what =~ tr/ /-/r), $why, "$what it does not start, and says why");
}

my $pid = run('exim');
within(sub { alive($pid) && log_of('exim') =~ /daemon started/ }) or die "Exim does not start\n";
my $proxy = Test::HAProxy->new('haproxy', <<"END");
defaults
    mode tcp
    timeout connect 5m
    timeout client 5m
    timeout server 5m
    timeout check 5m
listen smtp
    bind @{[FRONT]}:$front
    source @{[PROXY]}
    option smtpchk EHLO haproxy.example
    server exim @{[NODE]}:$p25 send-proxy-v2 check inter 1s fall 2 check-send-proxy
END
ok($proxy->all_up(1), 'HAProxy finds it up');
my $c = Test::SMTP->connect(to => FRONT, port => $front, from => CLIENT);
$c->expect('the banner', qr/^220 mx1\.example\.com /);
like($c->command('EHLO client.example', qr/^250/), qr/^250.STARTTLS$/m, 'it offers STARTTLS');
$c->command('STARTTLS', qr/^220/);
$c->tls;
$c->command('EHLO client.example', qr/^250/);
my $message = $c->message('sender@example.net', 'user@example.com');
within(sub { log_of('exim') =~ /\Q$message\E Completed/ });
like(log_of('exim'), qr/^\S+ \S+ \Q$message\E <= sender\@example\.net H=\(client\.example\) \[@{[CLIENT]}\].* PRX=@{[PROXY]} /m, 'its standard output has the client and the proxy');
like(log_of('exim'), qr/^\S+ \S+ \Q$message\E => user .* T=maildir/m, 'and the delivery');
is(scalar(() = glob file('mail/user/new/*')), 1, 'the message is in the volume');
$c->command('MAIL FROM:<sender@example.net>', qr/^250/);
$c->command('RCPT TO:<user@elsewhere.example>', qr/^550 relay not permitted/);

my $before = log_of('exim');
ok(eval { podman('probe', 'exec', 'exim', 'exim-probe'); 1 }, 'the probe finds it healthy') or diag($@);
is(log_of('exim'), $before, 'and leaves nothing in the log');
my $drain = start('drain', @podman, 'exec', 'exim', 'exim-drain', '0');
ok(within(sub { my %is = $proxy->servers; $is{'smtp/exim'} =~ /\ADOWN/ }), 'HAProxy finds it down while it is drained');
ok(!eval { podman('probe-down', 'exec', 'exim', 'exim-probe'); 1 }, 'so does the probe');
ok(alive($drain), 'draining waits for the session');
$c->quit;
waitpid $drain, 0;
is($?, 0, 'and ends with it');
Test::Place::forget($drain);
stop($pid, 'TERM');
is($? >> 8, 0, 'it ends when it is told to') or diag(log_of('exim'));
done_testing();
