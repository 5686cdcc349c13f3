package rmqlab;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.rocketmq.client.impl.producer.DefaultMQProducerImpl;
import org.apache.rocketmq.client.impl.producer.TopicPublishInfo;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageClientIDSetter;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * A producer's sends, each in one crossing from Python, and the answers to its async sends in bunches: Java's
 * threads never call into Python, one Python thread fetches what they left here.
 *
 * Compile: javac --release 17 -g:none -cp "ROCKETMQ_JARS/*" Sends.java
 */
public final class Sends {
    private static final Object STOP = new Object();

    /** How long answers gather while more of them are on their way: to wake a thread costs more than an answer. */
    private static final long GATHER_NS = 200_000;

    private record Answer(long number, String id, SendResult result, Throwable error) {
    }

    private final DefaultMQProducer producer;
    private final LinkedBlockingQueue<Object> answers = new LinkedBlockingQueue<>();
    private final AtomicInteger inFlight = new AtomicInteger();

    public Sends(DefaultMQProducer producer) {
        this.producer = producer;
    }

    private static Message message(String topic, String tags, String keys, byte[] body, String[] properties) {
        Message message = new Message(topic, tags, keys, body);
        if (properties != null) {
            for (int i = 0; i < properties.length; i += 2) {
                MessageAccessor.putProperty(message, properties[i], properties[i + 1]);
            }
        }
        return message;
    }

    private static String line(SendResult result) {
        MessageQueue queue = result.getMessageQueue();
        String stored = result.getOffsetMsgId();
        return result.getSendStatus().ordinal() + "\t" + result.getQueueOffset() + "\t" + queue.getTopic() + "\t"
            + queue.getBrokerName() + "\t" + queue.getQueueId() + "\t" + result.getMsgId() + "\t"
            + (stored == null ? "" : stored);
    }

    private long timeout(long timeoutMs) {
        return timeoutMs > 0 ? timeoutMs : producer.getSendMsgTimeout();
    }

    /**
     * Sends and waits.
     *
     * @param properties names and values in turn, or null
     * @param broker the broker of the queue to send to; null: the producer chooses a queue
     * @param timeoutMs 0: the producer's own
     * @return the answer's fields, separated by tabs
     */
    public String send(String topic, String tags, String keys, byte[] body, String[] properties, String broker,
        int queueId, long timeoutMs) throws Exception {
        Message message = message(topic, tags, keys, body, properties);
        return line(broker == null ? producer.send(message, timeout(timeoutMs))
            : producer.send(message, new MessageQueue(topic, broker, queueId), timeout(timeoutMs)));
    }

    /** As send, without an answer. */
    public void sendOneway(String topic, String tags, String keys, byte[] body, String[] properties,
        String broker, int queueId) throws Exception {
        Message message = message(topic, tags, keys, body, properties);
        if (broker == null) {
            producer.sendOneway(message);
        } else {
            producer.sendOneway(message, new MessageQueue(topic, broker, queueId));
        }
    }

    /**
     * Sends messages of one topic as one batch.
     *
     * @param encoded the messages one after the other, as they travel (MessageDecoder.encodeMessage): Python's
     *     own memory, because JPype copies into a Java array byte by byte
     */
    public String sendBatch(String topic, ByteBuffer encoded, String broker, int queueId, long timeoutMs)
        throws Exception {
        encoded.order(ByteOrder.BIG_ENDIAN);
        List<Message> messages = new ArrayList<>();
        while (encoded.hasRemaining()) {
            Message message = MessageDecoder.decodeMessage(encoded);
            message.setTopic(topic);
            message.setWaitStoreMsgOK(true);
            messages.add(message);
        }
        return line(broker == null ? producer.send(messages, timeout(timeoutMs))
            : producer.send(messages, new MessageQueue(topic, broker, queueId), timeout(timeoutMs)));
    }

    /**
     * Hands a message over to Java's own sending threads; the answer comes out of answers() under `number`.
     */
    public void sendAsync(long number, String topic, String tags, String keys, byte[] body,
        String[] properties, String broker, int queueId, long timeoutMs) throws Exception {
        Message message = message(topic, tags, keys, body, properties);
        MessageClientIDSetter.setUniqID(message);
        SendCallback callback = new SendCallback() {
            @Override
            public void onSuccess(SendResult result) {
                answers.add(new Answer(number, null, result, null));
            }

            @Override
            public void onException(Throwable error) {
                answers.add(new Answer(number, MessageClientIDSetter.getUniqID(message), null, error));
            }
        };
        inFlight.incrementAndGet();
        try {
            if (broker == null) {
                producer.send(message, callback, timeout(timeoutMs));
            } else {
                producer.send(message, new MessageQueue(topic, broker, queueId), callback, timeout(timeoutMs));
            }
        } catch (Exception error) {
            inFlight.decrementAndGet();
            throw error;
        }
    }

    /**
     * Waits for answers to async sends and returns all that are there, up to `most`.
     *
     * @return first a line for each success (its number, then the answer's fields), then of each failure its
     *     number, the message's id and the Throwable; null after stop(), once everything before it was returned
     */
    public Object[] answers(int most) throws InterruptedException {
        List<Object> here = new ArrayList<>();
        here.add(answers.take());
        answers.drainTo(here, most - 1);
        if (here.size() < inFlight.get()) {
            LockSupport.parkNanos(GATHER_NS);
            answers.drainTo(here, most - here.size());
        }
        StringBuilder successes = new StringBuilder();
        List<Object> found = new ArrayList<>();
        found.add("");
        for (Object each : here) {
            if (each == STOP) {
                if (here.size() == 1) {
                    return null;
                }
                answers.add(STOP);
                continue;
            }
            inFlight.decrementAndGet();
            Answer answer = (Answer) each;
            if (answer.error() == null) {
                successes.append(answer.number()).append('\t').append(line(answer.result())).append('\n');
            } else {
                found.add(answer.number());
                found.add(answer.id());
                found.add(answer.error());
            }
        }
        found.set(0, successes.toString());
        return found.toArray();
    }

    /** Lets answers() return null after what is there now. */
    public void stop() {
        answers.add(STOP);
    }

    /**
     * The queues that the producer would choose from (DefaultMQProducerImpl.tryToFindTopicPublishInfo): those
     * of its own route table, or the NameServer's, or those that the broker would create.
     *
     * @return broker and queue id of each, separated by tabs
     */
    public String queues(String name) throws Exception {
        String topic = producer.withNamespace(name);
        DefaultMQProducerImpl inner = producer.getDefaultMQProducerImpl();
        TopicPublishInfo info = inner.getTopicPublishInfoTable().get(topic);
        if (info == null || !info.ok()) {
            inner.getTopicPublishInfoTable().putIfAbsent(topic, new TopicPublishInfo());
            inner.getMqClientFactory().updateTopicRouteInfoFromNameServer(topic);
            info = inner.getTopicPublishInfoTable().get(topic);
        }
        if (!info.isHaveTopicRouterInfo() && !info.ok()) {
            inner.getMqClientFactory().updateTopicRouteInfoFromNameServer(topic, true, producer);
            info = inner.getTopicPublishInfoTable().get(topic);
        }
        StringBuilder text = new StringBuilder();
        for (MessageQueue queue : info.getMessageQueueList()) {
            text.append(queue.getBrokerName()).append('\t').append(queue.getQueueId()).append('\t');
        }
        return text.toString();
    }
}
