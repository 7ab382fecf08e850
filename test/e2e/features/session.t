#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# What Exim offers in a session, by the client: PRDR, PIPECONNECT, XCLIENT, TLS on connect, OCSP.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Exim ();
use Test::Features;
use Test::Header qw(v1);
use Test::Place qw(file write_file);

my $proxy = quotemeta PROXY;

sub offered {
  my ($exim, $word) = @_;
  my $c = client($exim, GOOD);
  like($c->{ehlo}, qr/^250.$word\b/m, "$word: is offered to the client");
  unlike(client($exim, BAD)->{ehlo}, qr/^250.$word\b/m, "$word: is not offered to another client");
  return $c;
}

feature('PRDR', ['support PRDR'], sub {
  my $exim = exim(main => "prdr_enable\nacl_smtp_data_prdr = prdr", acl => <<'END');
prdr:
  deny   local_parts = strict
         !hosts = 198.51.100.7
         message = not from $sender_host_address
  accept
END
  for ([GOOD, '353 250 250 250'], [BAD, '353 250 550 250']) {
    my ($address, $codes) = @$_;
    my $c = client($exim, $address);
    like($c->{ehlo}, qr/^250.PRDR$/m, "PRDR: is offered to $address");
    $c->command($_, qr/^250 /) for 'MAIL FROM:<sender@example.net> PRDR', map { "RCPT TO:<$_\@local.example>" } qw(easy strict);
    $c->command('DATA', qr/^354 /);
    $c->send("Subject: a test\r\n\r\nbody\r\n.\r\n");
    my @reply = map { $c->reply } split ' ', $codes;
    is(join(' ', map { /^(\d+)/ } @reply), $codes, "PRDR: answers for each recipient by the client, $address");
    like($reply[2], qr/not from 198\.51\.100\.77/, 'PRDR: names the client') if $address eq BAD;
  }
});

# The header and the client's first commands in one segment, before the banner
feature('PIPECONNECT', ['support PIPECONNECT|PIPE_CONNECT'], sub {
  my $exim = exim(main => 'pipelining_connect_advertise_hosts = 198.51.100.7');
  offered($exim, 'PIPE_?CONNECT');
  for ([GOOD, qr/^220 /], [BAD, qr/^554 .*synchronization/]) {
    my ($address, $like) = @$_;
    my $c = client($exim, $address, greeted => 0, header => v1('TCP4', $address, '203.0.113.25', 56_324, 25) . "EHLO early.example\r\n");
    like($c->reply, $like, "PIPECONNECT: takes early input by the client, $address");
    like($c->reply, qr/^250.*early\.example \[198\.51\.100\.7\]/, "PIPECONNECT: answers the early EHLO of $address") if $address eq GOOD;
  }
});

feature('XCLIENT', ['support Experimental_XCLIENT|XCLIENT'], sub {
  my $exim = exim(main => "hosts_xclient = 198.51.100.7 : ${\PROXY}\nacl_smtp_rcpt = rcpt", acl => <<'END');
rcpt:
  deny message = $sender_host_address $sender_host_port by $proxy_host_address to <$proxy_target_address> $proxy_local_address
END
  my $forwards = sub {
    my ($c, $port) = @_;
    $c->command("XCLIENT ADDR=192.0.2.55 PORT=$port", qr/^220 /);
    $c->command('EHLO gateway.example', qr/^250/);
    return recipient($c, 'gateway@example.net');
  };
  my $gateway = offered($exim, 'XCLIENT');
  is($forwards->($gateway, 1234), "550 192.0.2.55 1234 by ${\PROXY} to <203.0.113.25> 198.51.100.7", 'XCLIENT: a gateway behind the proxy names its client');
  my $own = client($exim, undef, header => v1('UNKNOWN'));
  is($forwards->($own, 1235), "550 192.0.2.55 1235 by ${\PROXY} to <> ${\PROXY}", 'XCLIENT: the proxy names a client in its own session');
  like(client($exim, BAD)->command('XCLIENT ADDR=192.0.2.57 PORT=1236', qr/^/), qr/^5/, 'XCLIENT: the header alone is no permission');
});

sub by_client {
  my ($one, $other) = map { certificate($_) } 'mx.example', 'other.example';
  return map { "$_->[0] = \${if eq{\$sender_host_address}{198.51.100.7}{$one->{$_->[1]}}{$other->{$_->[1]}}}\n" } ['tls_certificate', 'cert'], ['tls_privatekey', 'key'];
}

feature('TLS on connect', ['support OpenSSL|GnuTLS'], sub {
  my $exim = exim(tls => 1, main => join '', by_client());
  for ([GOOD, 'mx.example'], [BAD, 'other.example']) {
    my ($address, $name) = @$_;
    my $c = client($exim, $address, tls => 1);
    is($c->{handshake}->subject, "/CN=$name", "TLS on connect: has the certificate for the client, $address");
    like(message($c, from => "$name\@example.net"), qr/^250 /, "TLS on connect: takes a message of $address");
    like($exim->logs(qr/ <= $name\@/), qr/\[\Q$address\E\]:56324 P=esmtps X=\S+ (?:CV=\S+ )?PRX=$proxy S=/, "TLS on connect: logs the client, $address");
  }
});

# A response of our authority's, for one client alone
feature('OCSP', ['support OCSP'], sub {
  my $mx = certificate('mx.example');
  my ($serial) = openssl(qw(x509 -noout -serial -in), $mx->{cert}) =~ /serial=(\w+)/ or die "no serial number\n";
  write_file(file('index'), "V\t491231235959Z\t\t$serial\tunknown\t/CN=mx.example\n");
  openssl('ocsp', '-index', file('index'), '-CA', $mx->{ca}, '-rsigner', $mx->{ca}, '-rkey', file('ca.key'), '-ndays', 2, '-issuer', $mx->{ca}, '-cert', $mx->{cert}, '-respout', file('ocsp'));
  my $exim = exim(main => join '', by_client(), "tls_advertise_hosts = *\ntls_ocsp_file = \${if eq{\$sender_host_address}{198.51.100.7}{@{[file('ocsp')]}}{}}");
  for ([GOOD, 'successful'], [BAD, 'none']) {
    my ($address, $want) = @$_;
    my $c = client($exim, $address);
    $c->command('STARTTLS', qr/^220 /);
    $c->tls(status => \my $status, version => Net::SSLeay::TLS1_2_VERSION());
    is($status, $want, "OCSP: the response is by the client, $address");
  }
});

Test::Exim::all_well();
done_testing();
