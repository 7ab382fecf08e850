#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# What becomes of a message that came through a proxy: the delivery knows the client, and what belongs to the connection in does not
# mix with that out. Events, SOCKS, DANE, DSN information, SRS.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Digest::SHA qw(sha256_hex);
use Test::More;
use Test::Exim ();
use Test::Features;
use Test::Place qw(contents file write_file);
use Test::Stub ();

my ($proxy, $other) = map { quotemeta } PROXY, OTHER;

# sending(OPTION => VALUE...): an Exim that sends all but bounces to a mail server of ours, and that server
sub sending {
  my (%part) = @_;
  my $sink = Test::Stub->new('smtp', OTHER);
  my $exim = exim(main => $part{main} // '', acl => $part{acl} // '', routers => ($part{first} // '') . <<"END", transports => <<"END2" . ($part{out} // ''));
out:
  driver = manualroute
  domains = ! local.example : ! example.net
  route_list = * ${\OTHER} byname
  transport = out
END
out:
  driver = smtp
  port = $sink->{port}
  helo_data = client.of.\$sender_host_address
END2
  return ($exim, $sink);
}

# Where the delivery is a fork of the process that took the message, it still has the variables of the session with the proxy; where it
# is a new program, it has only the spool.
feature('events', ['support Event'], sub {
  my ($exim) = sending(acl => <<'END', main => 'event_action = ${acl{event}}', out => '  event_action = ${acl{event}}');
event:
  accept logwrite = event <$event_name> client $sender_host_address proxy <$proxy_host_address> session $proxy_session host <$host_address>
END
  like(message(client($exim, GOOD), to => 'user@away.example'), qr/^250 /, 'events: takes a message');
  like($exim->logs(qr/<msg:complete>/), qr/ client 198\.51\.100\.7 /, 'events: msg:complete has the client');
  for my $name (qw(tcp:connect smtp:connect msg:delivery tcp:close)) {
    like($exim->logs(qr/<$name>/), qr/ client 198\.51\.100\.7 (?:proxy <$proxy> session yes|proxy <> session no) host <$other>$/, "events: $name has the client and the server");
  }
  unlike($exim->log, qr/ client $proxy/, 'events: none has the proxy for the client');
});

# In, by one proxy; out, by another
feature('SOCKS', ['support SOCKS'], sub {
  my $socks = Test::Stub->new('socks', OTHER);
  my ($exim, $sink) = sending(main => 'acl_smtp_rcpt = rcpt', acl => <<'END', out => "  socks_proxy = ${\OTHER} port=$socks->{port}\n  event_action = \${acl{leaving}}");
rcpt:
  accept logwrite = in: host $proxy_host_address target $proxy_target_address local $proxy_local_address \
                    external $proxy_external_address $proxy_external_port session $proxy_session
leaving:
  accept logwrite = out $event_name: host <$proxy_host_address> target <$proxy_target_address> local $proxy_local_address \
                    external $proxy_external_address $proxy_external_port session $proxy_session client $sender_host_address
END
  like(message(client($exim, GOOD), to => 'user@away.example'), qr/^250 /, 'SOCKS: takes a message');
  like($exim->log, qr/ in: host $proxy target 203\.0\.113\.25 local $proxy external 203\.0\.113\.25 25 session yes$/m, 'SOCKS: has the variables of the way in');
  like($exim->logs(qr/ <= /), qr/\[198\.51\.100\.7\]:56324 P=esmtp PRX=$proxy S=/, 'SOCKS: logs the proxy of the way in');
  like($exim->logs(qr/ out smtp:connect: /),
    qr/: (?:host <$proxy> target <203\.0\.113\.25>|host <> target <>) local $other external 192\.0\.2\.99 9999 session yes client 198\.51\.100\.7$/, 'SOCKS: has the variables of the way out');
  like($exim->logs(qr/ => /), qr/ PRX=\[$other\]:$socks->{port} /, 'SOCKS: logs the proxy of the way out');
  like($socks->got(qr/./), qr/^connect $other $sink->{port}$/m, 'SOCKS: asks its proxy for the server');
  like($sink->got(qr/^body/m), qr/^EHLO client\.of\.198\.51\.100\.7$/m, 'SOCKS: the server is told of the client');
});

feature('DANE', ['support DANE'], sub {
  my $cert = certificate('mx.dane.example');
  my $server = Test::Stub->new('smtp', OTHER, @$cert{qw(cert key)});
  write_file(file('public'), openssl(qw(x509 -noout -pubkey -in), $cert->{cert}));
  openssl(qw(pkey -pubin -outform DER -in), file('public'), '-out', file('spki'));
  my $zone = sub { zone('dane.example', "DNSSEC dane.example. MX 10 mx\nDNSSEC mx A ${\OTHER}\nDNSSEC _$server->{port}._tcp.mx TLSA 3 1 1 $_[0]\n") };
  $zone->(sha256_hex(contents(file('spki'))));
  my $exim = exim(main => 'dns_dnssec_ok = 1', routers => <<'END', transports => <<"END2");
out:
  driver = dnslookup
  domains = dane.example
  dnssec_request_domains = *
  self = send
  transport = out
END
out:
  driver = smtp
  port = $server->{port}
  hosts_require_dane = \${if eq{\$sender_host_address}{198.51.100.7}{*}}
  hosts_try_dane =
  tls_verify_hosts = :
  tls_try_verify_hosts = :
  helo_data = client.of.\$sender_host_address
END2
  my $delivery = sub { my ($address, $who) = @_; message(client($exim, $address), to => "$who\@dane.example"); return $exim->logs(qr/(?:=>|==|\*\*) $who/) };
  like($delivery->(GOOD, 'good'), qr/ => .* X=\S+ CV=dane /, 'DANE: is required for the client, and met');
  like($server->got(qr/^body/m), qr/^STARTTLS\nTLS\nEHLO client\.of\.198\.51\.100\.7$/m, 'DANE: the server is told of the client');
  like($delivery->(BAD, 'bad'), qr/ => (?!.* CV=dane )/, 'DANE: is not required for another client');
  $zone->('0' x 64);
  like($delivery->(GOOD, 'wrong'), qr/(?:==|\*\*) .*(?:DANE|dane|TLS|certificate)/, 'DANE: refuses a wrong certificate');
});

# A bounce names the server that refused, and has the message's own lines, in which the client is.
feature('DSN information', ['support Experimental_DSN_info|DSN_info'], sub {
  my ($exim, $sink) = sending(main => 'bounce_return_size_limit = 100K');
  like(message(client($exim, GOOD), from => 'sender@local.example', to => 'reject@away.example'), qr/^250 /, 'DSN: takes a message');
  my $bounce = mailbox($exim);
  like($bounce, qr/^Remote-MTA: dns; $other$/m, 'DSN: names the server');
  like($bounce, qr/^Remote-MTA: X-ip; \[$other\]:$sink->{port}$/m, 'DSN: has its address');
  like($bounce, qr/^X-Exim-Diagnostic: X-str; (?:.*\n )*.*550 no such person/m, 'DSN: has what it said');
  like($bounce, qr/^Received: from \[198\.51\.100\.7\]/m, 'DSN: the message came from the client');
  unlike($bounce, qr/$proxy/, 'DSN: nothing names the proxy');
});

feature('SRS', ['support SRS'], sub {
  my ($exim, $sink) = sending(first => <<'END', out => '  return_path = ${if eq{$sender_host_address}{198.51.100.7}{${srs_encode{secret}{$return_path}{mx.example}}}{$return_path}}');
back:
  driver = redirect
  domains = mx.example
  condition = ${if inbound_srs{$local_part}{secret}}
  data = $srs_recipient
END
  message(client($exim, GOOD), to => 'user@away.example');
  my ($path) = $sink->got(qr/^body/m) =~ /^MAIL FROM:<(.*?)>/m;
  like($path, qr/\ASRS0=\S+=\S+=example\.net=sender\@mx\.example\z/, 'SRS: encodes the sender for the client');
  like(message(client($exim, BAD), from => '', to => $path), qr/^250 /, 'SRS: takes a bounce');
  like($exim->logs(qr/ => sender/), qr/ => sender <SRS0=/, 'SRS: decodes its recipient');
  message(client($exim, BAD), to => 'other@away.example');
  like($sink->got(qr/<other\@/), qr/^MAIL FROM:<sender\@example\.net>.*\nRCPT TO:<other\@/m, 'SRS: does not encode the sender for another client');
});

Test::Exim::all_well();
done_testing();
