#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The guide's configuration for nginx, with addresses and paths replaced.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use IO::Socket::IP ();
use Socket qw(SOCK_STREAM);
use Test::More;
use Test::Exim ();
use Test::Guide;
use Test::Place qw(alive file find_tool start within write_file);
use Test::SMTP ();

my $nginx = find_tool('nginx');
plan(skip_all => 'no nginx with its stream module here: run scripts/setup test') if !$nginx || !glob '/etc/nginx/modules-enabled/*stream*.conf';
my ($port) = cluster();
my %by = ('192.0.2.10:25' => NGINX . ":$port->{25}", '192.0.2.10:465' => NGINX . ":$port->{465}", '[2001:db8::10]:25' => NGINX6 . ":$port->{25}",
  '[2001:db8::10]:465' => NGINX6 . ":$port->{465}", '192.0.2.11' => NGINX, '/run/nginx-mail.pid' => file('nginx.pid'),
  '/var/log/nginx/mail-error.log' => file('nginx-error.log'), '/var/log/nginx/mail.log' => file('nginx.log'),
  map { ("192.0.2.2$_:25" => "127.0.2.$_:$port->{25}", "192.0.2.2$_:465" => "127.0.2.$_:$port->{465}") } 1 .. 3);
my $text = guide('nginx-stream.conf');
for my $old (sort { length $b <=> length $a } keys %by) { $text =~ s/(?<![\w.])\Q$old\E(?![\w.])/$by{$old}/g or die "nginx-stream.conf does not have $old any more\n" }
write_file(file('nginx.conf'), $text);
my $pid = start('nginx', $nginx, '-e', file('nginx-error.log'), '-c', file('nginx.conf'), '-g', 'daemon off;');
within(sub { alive($pid); defined IO::Socket::IP->new(PeerHost => NGINX, PeerPort => $port->{25}, Type => SOCK_STREAM) }) or die "nginx does not start\n";

my @to = (to => NGINX);
my $via = quotemeta NGINX;
my $c = session($port->{25}, @to);
my ($line, $received) = mail($c);
like($line, qr/ H=\(client\.example\) \[\Q$c->{ip}\E\] P=esmtp PRX=$via S=/, 'port 25: logs the client and the proxy');
like($received, qr/\AReceived: from \[\Q$c->{ip}\E\] /, 'port 25: Received: names the client');
$c->quit;
$c = session($port->{25}, @to, tls => 'STARTTLS');
like($c->{ehlo}, qr/^250.AUTH PLAIN$/m, 'STARTTLS: AUTH is offered');
$c->quit;
$c = session($port->{465}, @to, tls => 'on-connect');
like(authenticate($c), qr/^235 /, 'TLS passed through: AUTH works');
like((mail($c))[0], qr/ H=\(client\.example\) \[\Q$c->{ip}\E\] P=esmtpsa X=TLS\S* .*PRX=$via /, 'TLS passed through: logs the client and the proxy');
$c->quit;

my ($limit) = $text =~ /^\s*limit_conn clients (\d+);/m;
my $ip = Test::Guide::client();
my @open = map { Test::SMTP->connect(from => $ip, @to, port => $port->{25}) } 1 .. $limit;
is(scalar(grep { ($_->reply // '') =~ /^(?:220|451) / } @open), $limit, "lets $limit connections of one client through");
is(greeting($ip, $port->{25}, NGINX), '', 'closes one more');
Test::Exim::all_well();
done_testing();
