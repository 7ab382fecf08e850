# SPDX-License-Identifier: GPL-2.0-or-later
package Features::Deliver;

# What becomes of a message that came through a proxy: routers, transports, events, bounces. The client's address is in
# the spool; what belongs to the connection that the message came by does not mix with that by which it leaves.

use strict;
use warnings;
use Features;

# A mail server to send to: for away.example, and for whatever the routers in "before" leave. Returns the Exim and the place.
my $sinks = 0;
sub sending {
  my (%part) = @_;
  my $port = port();
  my $name = 'sink' . ++$sinks;
  my $pid = stub($name, 'smtp', address(4) . ":$port", @{ $part{sink} // [] });
  my $e = exim(main => $part{main}, acl => $part{acl}, panics => $part{panics},
    routers => ($part{before} // '') . routers(address(4) . ' byname', 'domains = ! local.example : ! example.net'),
    transports => <<"END" . ($part{transports} // ''));
out:
  driver = smtp
  port = $port
  helo_data = client.of.\$sender_host_address
@{[$part{out} // '']}
END
  return ($e, $name, $port);
}

# The delivery sees the client. The tests' Exim has deliver_drop_privilege, so the delivery is a fork of the process that
# took the message and still has the variables of its session with the proxy; otherwise it is a new program, which has
# only the spool.
feature 'event', ['support Event'], sub {
  my $event = <<'END';
event:
  accept logwrite = event <$event_name> client $sender_host_address proxy <$proxy_host_address> session $proxy_session host <$host_address>
END
  my ($e, $sink) = sending(acl => $event, main => "event_action = \${acl{event}}\nprimary_hostname = mx.example\n", out => "  event_action = \${acl{event}}\n");
  like('sent', message($e, GOOD, to => ['user@away.example']), qr/\A250 /);
  like('msg:complete', logged($e, qr/<msg:complete>/), qr/ client 198\.51\.100\.7 /);
  my $session = qr/proxy <\Q@{[address(1)]}\E> session yes|proxy <> session no/;
  for my $name (qw(tcp:connect smtp:connect smtp:ehlo msg:delivery tcp:close)) {
    next if $name eq 'smtp:ehlo' and contents("$e->{home}/log/mainlog") !~ /smtp:ehlo/;
    like($name, logged($e, qr/<$name>/), qr/ client 198\.51\.100\.7 (?:$session) host <\Q@{[address(4)]}\E>$/);
  }
  check('no event has the proxy as its client', contents("$e->{home}/log/mainlog") !~ /client \Q@{[address(1)]}\E/, contents("$e->{home}/log/mainlog"));
  return;
};

# In, by one proxy; out, by another: a SOCKS server.
feature 'socks', ['support SOCKS'], sub {
  my ($place, $port) = (address(6), port());
  stub('socks', 'socks', "$place:$port");
  my ($e, $sink, $out) = sending(main => "acl_smtp_rcpt = rcpt\n", acl => <<'END', out => "  socks_proxy = $place port=$port\n  event_action = \${acl{leaving}}\n");
rcpt:
  accept logwrite = in: host $proxy_host_address target $proxy_target_address local $proxy_local_address \
                    external $proxy_external_address $proxy_external_port session $proxy_session
leaving:
  accept logwrite = out $event_name: host <$proxy_host_address> target <$proxy_target_address> local $proxy_local_address \
                    external $proxy_external_address $proxy_external_port session $proxy_session client $sender_host_address
END
  my $proxy = address(1);
  like('sent', message($e, GOOD, to => ['user@away.example']), qr/\A250 /);
  like('the way in', logged($e, qr/ in: /), qr/ in: host \Q$proxy\E target 203\.0\.113\.25 local \Q$proxy\E external 203\.0\.113\.25 25 session yes$/);
  like('the way in: PRX=', logged($e, qr/ <= /), qr/\[198\.51\.100\.7\]:56324 P=esmtp PRX=\Q$proxy\E S=/);
  like('the way out', logged($e, qr/ out smtp:connect: /),
    qr/: (?:host <\Q$proxy\E> target <203\.0\.113\.25>|host <> target <>) local \Q$place\E external 192\.0\.2\.99 9999 session yes client 198\.51\.100\.7$/);
  like('the way out: PRX=', logged($e, qr/ => /), qr/ PRX=\[\Q$place\E\]:$port /);
  like('the SOCKS server', got('socks'), qr/^connect \Q@{[address(4)]}\E $out$/m);
  like('the mail server', got($sink, qr/^body/m), qr/^EHLO client\.of\.198\.51\.100\.7$/m);
  return;
};

feature 'dane', ['support DANE'], sub {
  my $cert = certificate('mx.dane.example');
  my $port = port();
  stub('dane', 'smtp', address(4) . ":$port", $cert->{cert}, $cert->{key});
  run_quietly('der', tool('openssl'), qw(x509 -noout -pubkey -in), $cert->{cert});
  run_quietly('der2', tool('openssl'), qw(pkey -pubin -outform DER -in), file('der.out'), '-out', file('spki'));
  require Digest::SHA;
  my $hash = Digest::SHA::sha256_hex(contents(file('spki')));
  my $zone = sub { "DNSSEC dane.example. MX 10 mx\nDNSSEC mx A @{[address(4)]}\nDNSSEC _$port._tcp.mx TLSA 3 1 1 $_[0]\n" };
  zone('dane.example', $zone->($hash));
  my $e = exim(main => "dns_dnssec_ok = 1\n", routers => <<'END', transports => <<"END2");
out:
  driver = dnslookup
  dnssec_request_domains = *
  self = send
  transport = out
END
out:
  driver = smtp
  port = $port
  hosts_require_dane = \${if eq{\$sender_host_address}{198.51.100.7}{*}}
  hosts_try_dane =
  tls_verify_hosts = :
  tls_try_verify_hosts = :
  helo_data = client.of.\$sender_host_address
END2
  like('good client', message($e, GOOD, to => ['user@dane.example']), qr/\A250 /);
  like('sent', logged($e, qr/ => user\@/), qr/ X=\S+ CV=dane /);
  like('the mail server', got('dane', qr/^body/m), qr/^STARTTLS\nTLS\nEHLO client\.of\.198\.51\.100\.7$/m);
  message($e, BAD, to => ['another@dane.example']);
  like('the bad client, without DANE', logged($e, qr/ => another\@/), qr/\A(?!.* CV=dane )/);
  zone('dane.example', $zone->('0' x 64));
  message($e, GOOD, to => ['wrong@dane.example']);
  like('a wrong certificate', logged($e, qr/(?:==|\*\*) wrong\@/), qr/DANE|dane|TLS|certificate/);
  return;
};

# A bounce names the server that refused, and has the message's own lines, in which the client is.
feature 'dsn', ['support Experimental_DSN_info|DSN_info'], sub {
  my ($e, $sink, $port) = sending(main => "bounce_return_size_limit = 100K\n");
  like('sent', message($e, GOOD, sender => 'sender@local.example', to => ['reject@away.example']), qr/\A250 /);
  my $bounce = mailbox($e);
  my $host = address(4);
  like('Remote-MTA', $bounce, qr/^Remote-MTA: dns; \Q$host\E$/m);
  like('its address', $bounce, qr/^Remote-MTA: X-ip; \[\Q$host\E\]:$port$/m);
  like('what it said', $bounce, qr/^X-Exim-Diagnostic: X-str; (?:.*\n )*.*550 no such person/m);
  like('the message came from the client', $bounce, qr/^Received: from \[198\.51\.100\.7\]/m);
  check('nothing names the proxy', $bounce !~ /\Q@{[address(1)]}\E/, $bounce);
  return;
};

# --- transports -----------------------------------------------------------------------

feature 'queuefile', ['transport queuefile'], sub {
  my $queue = home();
  my $e = exim(routers => "queue:\n  driver = accept\n  transport = queue\n", transports => "queue:\n  driver = queuefile\n  directory = $queue\n");
  like('accepted', message($e, GOOD), qr/\A250 /);
  logged($e, qr/Completed/);
  my ($header) = glob "$queue/*-H";
  check('the spool file is copied', defined $header);
  my $text = contents($header // '');
  like('it has the client', $text, qr/^-{1,2}host_address \[?198\.51\.100\.7\]?[:.]56324$/m);
  check('and not the proxy as such', $text !~ /host_address \S*\Q@{[address(1)]}\E/, $text);
  return;
};

# A mail that went through each transport, where it is.
sub into {
  my ($transport, $where, $option) = @_;
  my $e = exim(routers => <<'END', transports => "test:\n$transport");
test:
  driver = accept
  condition = ${if eq{$sender_host_address}{198.51.100.7}}
  transport = test
other:
  driver = redirect
  allow_fail
  data = :fail: not for $sender_host_address
END
  like('accepted', message($e, GOOD), qr/\A250 /);
  logged($e, qr/ => .*T=test/);
  my $text = '';
  within(sub { $text = join '', map { contents($_) } glob "$e->{home}/$where"; $text =~ /body/ });
  like('delivered', $text, qr/Received: from \[198\.51\.100\.7\]/);
  like('the bad client', message($e, BAD, sender => ''), qr/\A250 /);
  like('the bad client: not delivered', logged($e, qr/ \*\* /), qr/not for 198\.51\.100\.77$/);
  return $e;
}

feature 'maildir', ['transport appendfile/maildir'], sub { into("  driver = appendfile\n  directory = HOME/maildir\n  maildir_format\n", 'maildir/new/*'); return };
feature 'mailstore', ['transport appendfile/mailstore'], sub {
  my $e = into("  driver = appendfile\n  directory = HOME/mailstore\n  mailstore_format\n  mailstore_prefix = client \$sender_host_address\n", 'mailstore/*.msg');
  like('the prefix', join('', map { contents($_) } glob "$e->{home}/mailstore/*.env"), qr/^client 198\.51\.100\.7$/m);
  return;
};
feature 'mbx', ['transport appendfile/mbx'], sub { into("  driver = appendfile\n  file = HOME/mbx\n  mbx_format\n", 'mbx'); return };
feature 'pipe', ['transport pipe'], sub {
  write_file(file('piped'), "#!/bin/sh\n(echo \$CLIENT; cat) > \$1\n");
  chmod 0755, file('piped');
  my $e = into("  driver = pipe\n  command = @{[file('piped')]} HOME/piped\n  environment = CLIENT=\$sender_host_address\n", 'piped');
  like('the environment', contents("$e->{home}/piped"), qr/\A198\.51\.100\.7$/m);
  return;
};
feature 'autoreply', ['transport autoreply'], sub {
  my $e = exim(routers => <<'END', transports => <<'END2');
reply:
  driver = accept
  domains = away.example
  transport = reply
mailbox:
  driver = accept
  transport = mailbox
END
reply:
  driver = autoreply
  to = you@local.example
  subject = from $sender_host_address
  text = a reply
END2
  message($e, GOOD, to => ['user@away.example']);
  like('the reply', mailbox($e), qr/^Subject: from 198\.51\.100\.7$/m);
  return;
};
feature 'lmtp', ['transport lmtp'], sub {
  my $place = address(4) . ':' . (my $port = port());
  stub('lmtp', 'smtp', $place);
  my $e = exim(routers => "lmtp:\n  driver = manualroute\n  route_list = * @{[address(4)]} byname\n  transport = lmtp\n",
    transports => "lmtp:\n  driver = smtp\n  protocol = lmtp\n  port = $port\n");
  like('accepted', message($e, GOOD), qr/\A250 /);
  like('delivered', got('lmtp', qr/^body/m), qr/^LHLO mx\.example\n.*^Received: from \[198\.51\.100\.7\]/ms);
  return;
};

# --- routers --------------------------------------------------------------------------

feature 'iplookup', ['router iplookup'], sub {
  my $place = address(4) . ':' . (my $port = port());
  # Exim takes no more than seven characters of an answer
  stub('line', 'line', $place, 'short');
  my $e = exim(routers => <<"END");
ask:
  driver = iplookup
  domains = local.example
  hosts = @{[address(4)]}
  protocol = tcp
  port = $port
  query = \$sender_host_address
  response_pattern = "^(\\\\w+)"
  reroute = \$1\@away.example
mailbox:
  driver = accept
  transport = mailbox
END
  message($e, $_) for GOOD, BAD;
  like('good client', logged($e, qr/ => fine/), qr/ => fine <user\@local\.example>/);
  like('bad client', logged($e, qr/ => bad/i), qr/ => bad <user\@local\.example>/i);
  return;
};

feature 'queryprogram', ['router queryprogram'], sub {
  write_file(file('query'), "#!/bin/sh\ncase \$1 in *.77) echo FAIL not for \$1;; *) echo ACCEPT TRANSPORT=mailbox;; esac\n");
  chmod 0755, file('query');
  my ($user) = $> == 0 ? 'nobody' : scalar getpwuid $>;
  my $e = exim(routers => "ask:\n  driver = queryprogram\n  command = @{[file('query')]} \$sender_host_address\n  command_user = $user\n");
  message($e, $_, sender => '') for GOOD, BAD;
  like('good client', logged($e, qr/ => user/), qr/R=ask T=mailbox/);
  like('bad client', logged($e, qr/ \*\* user/), qr/not for 198\.51\.100\.77$/);
  return;
};

feature 'exim-filter', [], sub {
  skip_without('the binary has no Exim filter') if has('support Sieve_filter') and not has('support Exim_filter');
  write_file(file('filter'), "# Exim filter\nif \$sender_host_address is 198.51.100.77 then fail text \"not for \$sender_host_address\" endif\n");
  my $e = exim(routers => "filter:\n  driver = redirect\n  file = @{[file('filter')]}\n  allow_filter\n  allow_fail\n  user = @{[scalar getpwuid((stat home())[4])]}\nmailbox:\n  driver = accept\n  transport = mailbox\n");
  message($e, $_, sender => '') for GOOD, BAD;
  like('good client', logged($e, qr/ => user/), qr/T=mailbox/);
  like('bad client', logged($e, qr/ \*\* user/), qr/not for 198\.51\.100\.77/);
  return;
};

feature 'sieve-filter', [], sub {
  skip_without('the binary has no Sieve filter') if has('support Exim_filter') and not has('support Sieve_filter');
  write_file(file('sieve'), "# Sieve filter\nrequire [\"fileinto\"];\nif header :contains \"received\" \"[198.51.100.77]\" { fileinto \"bad\"; } else { keep; }\n");
  my $e = exim(routers => <<"END", transports => "file:\n  driver = appendfile\n  file = HOME/\${if eq{\$address_file}{bad}{bad}{inbox}}\n");
filter:
  driver = redirect
  file = @{[file('sieve')]}
  allow_filter
  user = @{[scalar getpwuid((stat home())[4])]}
  file_transport = file
  reply_transport = file
END
  message($e, $_) for GOOD, BAD;
  like('good client', mailbox($e, 'inbox'), qr/^Received: from \[198\.51\.100\.7\]/m);
  like('bad client', mailbox($e, 'bad'), qr/^Received: from \[198\.51\.100\.77\]/m);
  return;
};

feature 'srs', ['support SRS'], sub {
  my ($e, $sink) = sending(before => <<'END', out => "  return_path = \${if eq{\$sender_host_address}{198.51.100.7}{\${srs_encode{secret}{\$return_path}{mx.example}}}{\$return_path}}\n");
back:
  driver = redirect
  domains = mx.example
  condition = ${if inbound_srs{$local_part}{secret}}
  data = $srs_recipient
END
  message($e, GOOD, to => ['user@away.example']);
  my ($path) = got($sink, qr/^body/m) =~ /^MAIL FROM:<(.*?)>/m;
  like('encoded for the good client', $path, qr/\ASRS0=\S+=\S+=example\.net=sender\@mx\.example\z/);
  like('a bounce comes back', message($e, BAD, sender => '', to => [$path // 'nobody@mx.example']), qr/\A250 /);
  like('decoded', logged($e, qr/ => sender/), qr/ => sender <SRS0=/);
  message($e, BAD, to => ['other@away.example']);
  like('not encoded for the bad client', got($sink, qr/<other\@/), qr/^MAIL FROM:<sender\@example\.net>.*\nRCPT TO:<other\@/m);
  return;
};

# Records that tell of a server with TLS on connect at a port of its own.
feature 'srv-smtps', ['support Experimental_SRV_smtps'], sub {
  my $cert = certificate('mx.smtps.example');
  my $port = port();
  stub('smtps', 'smtp', address(4) . ":$port", $cert->{cert}, $cert->{key}, 'connect');
  zone('smtps.example', "_smtp-tls._tcp SRV 1 1 $port mx\nmx A @{[address(4)]}\n");
  my $e = exim(routers => <<'END', transports => "out:\n  driver = smtp\n  helo_data = client.of.\$sender_host_address\n  tls_verify_certificates = $cert->{ca}\n");
out:
  driver = dnslookup
  check_srv = ${if eq{$sender_host_address}{198.51.100.7}{smtp-tls}{smtp}}
  self = send
  transport = out
END
  message($e, GOOD, to => ['user@smtps.example']);
  like('sent', logged($e, qr/ (?:=>|==|\*\*) user/), qr/ => .* H=mx\.smtps\.example \[\S+\]\S* .*X=/);
  like('the mail server', got('smtps', qr/^body/m), qr/\ATLS\nfrom .*\nEHLO client\.of\.198\.51\.100\.7$/m);
  return;
};

# --- the queue ------------------------------------------------------------------------

feature 'queue-run', [], sub {
  my ($e, $sink) = sending(main => "queue_only\n" . (has('support Queue_Ramp') ? "queue_fast_ramp = true\n" : ''));
  message($e, GOOD, to => ['user@away.example']);
  run_exim($e, has('support Queue_Ramp') ? '-qq' : '-q');
  my $text = got($sink, qr/^body/m);
  like('sent', $text, qr/^EHLO client\.of\.198\.51\.100\.7$/m);
  like('the lines', $text, qr/^Received: from \[198\.51\.100\.7\] \(port=56324 /m);
  return;
};

feature 'move-frozen', ['support move_frozen_messages'], sub {
  my $e = exim(main => "move_frozen_messages\nacl_smtp_data = data\n", acl => <<'END');
data:
  accept hosts = 198.51.100.77
         control = freeze/no_tell
  accept
END
  message($e, $_) for GOOD, BAD;
  like('good client: delivered', logged($e, qr/ => user/), qr/T=mailbox/);
  run_exim($e, '-q');
  my $moved = '';
  within(sub { ($moved) = map { contents($_) } glob "$e->{home}/Finput/*-H"; defined $moved });
  like('bad client: frozen, and moved', $moved, qr/^-{1,2}host_address \[?198\.51\.100\.77\]?[:.]56324$/m);
  return;
};

1;
