package rmqlab;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.common.message.MessageClientExt;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Stored messages on their way to Python: a broker's whole answer crosses at once, instead of each message being
 * asked for its parts, and each property for its name and value.
 *
 * Compile: javac --release 17 -g:none -cp "ROCKETMQ_JARS/*" Stored.java Deliveries.java
 */
public final class Stored {
    private Stored() {
    }

    /** Decodes a broker's answer, and returns its parts. */
    public static Object[] decode(byte[] answer) {
        return parts(MessageDecoder.decodes(ByteBuffer.wrap(answer)));
    }

    /**
     * Takes messages apart.
     *
     * @return of each message its text: the length of its body, the broker's own id for it, and its head as
     *     Deliveries writes it; then all bodies, one after the other
     */
    public static Object[] parts(List<? extends MessageExt> messages) {
        List<String> texts = new ArrayList<>();
        ByteArrayOutputStream bodies = new ByteArrayOutputStream();
        for (MessageExt message : messages) {
            byte[] body = message.getBody() == null ? new byte[0] : message.getBody();
            bodies.write(body, 0, body.length);
            String id = message instanceof MessageClientExt ? ((MessageClientExt) message).getOffsetMsgId()
                : message.getMsgId();
            texts.add(body.length + "\n" + id + "\n" + Deliveries.head(message));
        }
        return new Object[] {texts.toArray(new String[0]), bodies.toByteArray()};
    }
}
