package rmqlab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;

/**
 * The network between the nodes of a cluster, as one process: it listens on addresses in front of nodes, forwards
 * bytes, and cuts or slows a link on command.
 *
 * Its only argument is a file with one line for the control port and one for each listener; listeners of one
 * name are one link:
 *
 *   control HOST:PORT
 *   link NAME LISTEN_HOST:PORT TARGET_HOST:PORT
 *
 * The host "outside" is this machine's first address that is not a loopback address.
 *
 * On the control port a line is a command and a line of JSON its answer, the state of all links or an error:
 *
 *   show | cut NAME | restore NAME | slow NAME LATENCY_MS LOSS_SHARE
 *
 * Java 8, so that it runs in any image in which RocketMQ does.
 */
public final class Relay {
    private final Map<String, Link> links = new LinkedHashMap<>();

    public static void main(String[] args) throws IOException {
        Relay relay = new Relay();
        ServerSocket control = new ServerSocket();
        for (String line : Files.readAllLines(Paths.get(args[0]), StandardCharsets.UTF_8)) {
            String[] words = line.trim().split("\\s+");
            if (words[0].equals("control")) {
                control.bind(address(words[1]));
            } else if (words[0].equals("link")) {
                relay.links.computeIfAbsent(words[1], Link::new).listen(address(words[2]), address(words[3]));
            }
        }
        System.out.println("forwarding " + relay.links.keySet());
        while (true) {
            Socket asker = control.accept();
            Link.inBackground("control", () -> relay.converse(asker));
        }
    }

    private static InetSocketAddress address(String hostAndPort) throws IOException {
        int colon = hostAndPort.lastIndexOf(':');
        String host = hostAndPort.substring(0, colon);
        int port = Integer.parseInt(hostAndPort.substring(colon + 1));
        return host.equals("outside") ? new InetSocketAddress(outside(), port) : new InetSocketAddress(host, port);
    }

    /** The first address of this machine, which may be a container, at which others reach it. */
    private static InetAddress outside() throws IOException {
        for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces())) {
            for (InetAddress address : Collections.list(each.getInetAddresses())) {
                if (address instanceof Inet4Address && !address.isLoopbackAddress()) {
                    return address;
                }
            }
        }
        throw new IOException("this machine has no address but loopback");
    }

    private void converse(Socket asker) throws IOException {
        try (Socket socket = asker) {
            BufferedReader lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            OutputStream answers = socket.getOutputStream();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                answers.write((answer(line.trim().split("\\s+")) + "\n").getBytes(StandardCharsets.UTF_8));
                answers.flush();
            }
        }
    }

    private String answer(String[] words) {
        try {
            obey(words);
            StringJoiner states = new StringJoiner(", ", "{", "}");
            links.forEach((name, link) -> states.add('"' + name + "\": " + link.state()));
            return states.toString();
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            return "{\"error\": \"not understood: " + String.join(" ", words).replaceAll("[^\\w.> -]", "?") + "\"}";
        }
    }

    private void obey(String[] words) {
        switch (words[0]) {
            case "show":
                break;
            case "cut":
                link(words[1]).setCut(true);
                break;
            case "restore":
                link(words[1]).setCut(false);
                break;
            case "slow":
                link(words[1]).setSlow(Long.parseLong(words[2]), Double.parseDouble(words[3]));
                break;
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    private Link link(String name) {
        Link link = links.get(name);
        if (link == null) {
            throw new IllegalArgumentException(name);
        }
        return link;
    }
}
