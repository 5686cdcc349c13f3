package rmqlab;

import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

/**
 * A tool of RocketMQ's that ends when it has said all, instead of five seconds later:
 * java rmqlab.QuickEnd CLASS WORDS. The tool itself is as it is.
 *
 * <p>Three of the five: NettyRemotingClient.shutdown waits for its NettyEventExecutor, which looks whether it shall end
 * only when an event comes, or after three seconds. Interrupted, it looks at once. Two more: netty's threads keep quiet
 * for so long before they end, and the JVM waits for them.
 */
public final class QuickEnd {
    private static final String WAITS_IN = "org.apache.rocketmq.remoting.netty.NettyRemotingClient";
    private static final String WAITS_FOR = "NettyEventExecutor";
    private static final long LOOK_MS = 10;

    private QuickEnd() {
    }

    public static void main(String[] words) throws Throwable {
        Thread tool = Thread.currentThread();
        Thread waker = new Thread(() -> wake(tool), "waker");
        waker.setDaemon(true);
        waker.start();
        try {
            Class.forName(words[0])
                .getMethod("main", String[].class)
                .invoke(null, (Object) Arrays.copyOfRange(words, 1, words.length));
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
        System.out.flush();
        System.err.flush();
        System.exit(0);
    }

    private static void wake(Thread tool) {
        while (true) {
            if (isShuttingDown(tool)) {
                Thread.getAllStackTraces().keySet().stream()
                    .filter(each -> each.getName().contains(WAITS_FOR))
                    .forEach(Thread::interrupt);
            }
            try {
                Thread.sleep(LOOK_MS);
            } catch (InterruptedException over) {
                return;
            }
        }
    }

    private static boolean isShuttingDown(Thread tool) {
        return Arrays.stream(tool.getStackTrace())
            .anyMatch(frame -> frame.getMethodName().equals("shutdown") && frame.getClassName().equals(WAITS_IN));
    }
}
