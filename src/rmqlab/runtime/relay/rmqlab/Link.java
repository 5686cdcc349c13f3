package rmqlab;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One link: its listeners, and what is wrong with it. "Up" is from those who connect to the node, "down" back.
 *
 * A cut link is a pulled cable: connections stay, nothing passes, not even the end of a connection, and new
 * connections get no further than this process. What was sent into the cut passes once it is restored, as TCP
 * would send it again.
 */
final class Link {
    private static final int BACKLOG = 256;
    private static final int CONNECT_MS = 3000;
    private static final long RETRANSMISSION_MS = 200; // Linux's shortest time-out (TCP_RTO_MIN); doubles with each loss
    private static final long MOST_MS = 10_000;

    final AtomicLong up = new AtomicLong();
    final AtomicLong down = new AtomicLong();
    final AtomicLong held = new AtomicLong();
    private final AtomicInteger connections = new AtomicInteger();
    private final String name;
    private boolean cut;
    private long latencyMs;
    private double loss;
    private int settings; // counts changes of latency and loss

    Link(String name) {
        this.name = name;
    }

    /** What may fail because a socket ends, on a thread of its own. */
    interface Task {
        void run() throws IOException, InterruptedException;
    }

    static Thread inBackground(String name, Task task) {
        Thread thread = new Thread(() -> {
            try {
                task.run();
            } catch (IOException | InterruptedException e) {
                // a socket ended: that is what it looks like from here
            }
        }, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    void listen(InetSocketAddress from, InetSocketAddress to) throws IOException {
        ServerSocket server = new ServerSocket();
        server.bind(from, BACKLOG);
        inBackground(name, () -> {
            while (true) {
                Socket client = server.accept();
                inBackground(name, () -> connect(client, to));
            }
        });
    }

    private void connect(Socket client, InetSocketAddress to) throws IOException, InterruptedException {
        connections.incrementAndGet();
        Socket node = new Socket();
        try {
            awaitOpen();
            node.connect(to, CONNECT_MS);
            client.setTcpNoDelay(true);
            node.setTcpNoDelay(true);
            Pipe there = new Pipe(this, client, node, up);
            Pipe back = new Pipe(this, node, client, down);
            there.await();
            back.await();
        } catch (IOException e) {
            reset(client); // the node refused: so do we
        } finally {
            client.close();
            node.close();
            connections.decrementAndGet();
        }
    }

    /** Ends a connection as a host does on which nothing listens. */
    static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    synchronized void setCut(boolean cut) {
        this.cut = cut;
        notifyAll();
    }

    synchronized void setSlow(long latencyMs, double loss) {
        if (latencyMs < 0 || loss < 0 || loss > 0.9) {
            throw new IllegalArgumentException("latency >= 0, 0 <= loss <= 0.9");
        }
        this.latencyMs = latencyMs;
        this.loss = loss;
        settings++;
        notifyAll();
    }

    synchronized int settings() {
        return settings;
    }

    /** Waits until a chunk is due, or until other settings hold than those under which it set out. */
    synchronized void awaitArrival(long dueNs, int settings) throws InterruptedException {
        for (long leftNs = dueNs - System.nanoTime(); leftNs > 0 && settings == this.settings; ) {
            TimeUnit.NANOSECONDS.timedWait(this, leftNs);
            leftNs = dueNs - System.nanoTime();
        }
    }

    synchronized void awaitOpen() throws InterruptedException {
        while (cut) {
            wait();
        }
    }

    /** Waits until bytes may pass, and counts them: once the link is cut, no count changes any more. */
    synchronized void pass(int count, AtomicLong passed) throws InterruptedException {
        awaitOpen();
        passed.addAndGet(count);
        held.addAndGet(-count);
    }

    /** How long a chunk travels: the latency, and what TCP waits before it sends a lost packet again. */
    synchronized long travelMs() {
        long waitMs = 0;
        long timeoutMs = RETRANSMISSION_MS;
        while (waitMs < MOST_MS && ThreadLocalRandom.current().nextDouble() < loss) {
            waitMs += timeoutMs;
            timeoutMs *= 2;
        }
        return latencyMs + waitMs;
    }

    synchronized String state() {
        return String.format(
            Locale.ROOT,
            "{\"cut\": %b, \"latency_ms\": %d, \"loss\": %s, \"up\": %d, \"down\": %d, \"held\": %d, \"connections\": %d}",
            cut, latencyMs, loss, up.get(), down.get(), held.get(), connections.get());
    }
}
