package rmqlab;

import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.apache.rocketmq.common.ServiceThread;
import org.apache.rocketmq.remoting.protocol.body.HARuntimeInfo;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.ha.DefaultHAService;

/**
 * The broker's replication service, listening on the loopback address only.
 *
 * bindAddress does not reach the replication port: DefaultHAService.AcceptSocketService binds
 * new InetSocketAddress(haListenPort), which is every interface. RocketMQ looks for another HAService in
 * META-INF/service (DefaultMessageStore.initializeHAService, ServiceProvider), and takes this one.
 * The address stands in a private final field, so it is set there, before the socket is bound by start().
 */
public class LoopbackHAService extends DefaultHAService {
    @Override
    public void init(DefaultMessageStore store) throws IOException {
        super.init(store);
        try {
            Field address = AcceptSocketService.class.getDeclaredField("socketAddressListen");
            address.setAccessible(true);
            int port = store.getMessageStoreConfig().getHaListenPort();
            address.set(acceptSocketService, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            FullDiskFlags.putInto(store); // here because nothing else of ours is called before the store starts
        } catch (ReflectiveOperationException e) {
            throw new IOException("this RocketMQ's broker is not the one that these classes know", e);
        }
    }

    /** Connects at once: a slave that is told its master's address would sleep five seconds first. */
    @Override
    public void updateHaMasterAddress(String address) {
        super.updateHaMasterAddress(address);
        if (haClient instanceof ServiceThread) {
            ((ServiceThread) haClient).wakeup();
        }
    }

    /** Adds what the exact pictures need. */
    @Override
    public HARuntimeInfo getRuntimeInfo(long masterPutWhere) {
        return new StorePositions(super.getRuntimeInfo(masterPutWhere), defaultMessageStore);
    }
}
