package rmqlab;

import io.netty.bootstrap.ServerBootstrap;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.apache.rocketmq.broker.BrokerController;
import org.apache.rocketmq.broker.BrokerStartup;
import org.apache.rocketmq.remoting.netty.NettyRemotingServer;

/**
 * A 4.9 broker whose three ports listen on the loopback address only.
 *
 * 4.9 knows no bindAddress: NettyRemotingServer.start and HAService.AcceptSocketService bind every interface. Both
 * take their address from a private final field, so it is set there, after the constructors and before start().
 *
 * javac --release 17 -g:none -proc:none -cp 'THE GROUP'S JARS' LegacyBroker.java
 */
public class LegacyBroker {
    public static void main(String[] args) throws ReflectiveOperationException {
        BrokerController broker = BrokerStartup.createBrokerController(args);
        for (String server : new String[] {"remotingServer", "fastRemotingServer"}) {
            set(NettyRemotingServer.class, "serverBootstrap", get(broker, server), new LoopbackBootstrap());
        }
        Object replication = get(get(broker.getMessageStore(), "haService"), "acceptSocketService");
        int port = broker.getMessageStoreConfig().getHaListenPort();
        set(replication.getClass(), "socketAddressListen", replication, loopback(port));
        BrokerStartup.start(broker);
    }

    private static class LoopbackBootstrap extends ServerBootstrap {
        @Override
        public ServerBootstrap localAddress(SocketAddress everywhere) {
            return super.localAddress(loopback(((InetSocketAddress) everywhere).getPort()));
        }
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static Object get(Object owner, String name) throws ReflectiveOperationException {
        return field(owner.getClass(), name).get(owner);
    }

    private static void set(Class<?> type, String name, Object owner, Object value)
            throws ReflectiveOperationException {
        field(type, name).set(owner, value);
    }

    private static Field field(Class<?> type, String name) throws NoSuchFieldException {
        Field field = type.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }
}
