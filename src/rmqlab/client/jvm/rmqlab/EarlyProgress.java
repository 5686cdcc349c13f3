package rmqlab;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.impl.consumer.MQConsumerInner;
import org.apache.rocketmq.client.impl.factory.MQClientInstance;

/**
 * Tells the brokers a consumer's progress in its first ten seconds too: MQClientInstance.startScheduledTask
 * begins only then, whatever persistConsumerOffsetInterval says.
 *
 * Compile: javac --release 17 -g:none -cp "ROCKETMQ_JARS/*" EarlyProgress.java
 */
public final class EarlyProgress {
    private static final long BEGINS_MS = 10_000;
    private static final ScheduledExecutorService CLOCK = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "rmqlab-early-progress");
        thread.setDaemon(true);
        return thread;
    });

    private EarlyProgress() {
    }

    /** Stores the progress of a consumer that was just started, until the client itself does or it has ended. */
    public static void store(MQClientInstance instance, String group, long everyMs) {
        MQConsumerInner consumer = instance.selectConsumer(group);
        for (long at = everyMs; at < BEGINS_MS; at += everyMs) {
            CLOCK.schedule(() -> {
                if (instance.selectConsumer(group) == consumer) {
                    consumer.persistConsumerOffset();
                }
            }, at, TimeUnit.MILLISECONDS);
        }
    }
}
