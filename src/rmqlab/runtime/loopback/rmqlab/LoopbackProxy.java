package rmqlab;

import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.List;
import org.apache.rocketmq.common.utils.StartAndShutdown;
import org.apache.rocketmq.proxy.ProxyStartup;
import org.apache.rocketmq.proxy.config.ConfigurationManager;
import org.apache.rocketmq.proxy.grpc.GrpcServer;
import org.apache.rocketmq.proxy.remoting.RemotingProtocolServer;
import org.apache.rocketmq.remoting.netty.NettyRemotingServer;
import org.apache.rocketmq.remoting.netty.NettyServerConfig;

/**
 * RocketMQ's proxy, listening on the loopback address only.
 *
 * It has no bindAddress: GrpcServerBuilder says NettyServerBuilder.forPort, which is every interface, and
 * RemotingProtocolServer leaves NettyServerConfig's 0.0.0.0. ProxyStartup keeps a list of what it is about to start,
 * and starts it in order; this comes first in that list and sets the addresses of the two servers behind it, which
 * stand in private fields, before their sockets are bound. All else is ProxyStartup's own.
 *
 * javac --release 8 -g:none -cp 'THE GROUP'S JARS' -d .. LoopbackProxy.java
 */
public final class LoopbackProxy implements StartAndShutdown {
    private final List<?> toStart;

    private LoopbackProxy(List<?> toStart) {
        this.toStart = toStart;
    }

    @SuppressWarnings("unchecked")
    public static void main(String[] args) throws ReflectiveOperationException {
        Object all = get(ProxyStartup.class, "PROXY_START_AND_SHUTDOWN", null);
        List<StartAndShutdown> toStart = (List<StartAndShutdown>) get(
                all.getClass().getSuperclass(), "startAndShutdownList", all);
        toStart.add(new LoopbackProxy(toStart));
        ProxyStartup.main(args);
    }

    @Override
    public void start() throws ReflectiveOperationException {
        for (Object each : toStart) {
            if (each instanceof GrpcServer) {
                Object server = get(GrpcServer.class, "server", each);
                Object transport = get(server.getClass(), "transportServer", server);
                int port = ConfigurationManager.getProxyConfig().getGrpcServerPort();
                InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
                field(transport.getClass(), "addresses").set(transport, Collections.singletonList(loopback));
            } else if (each instanceof RemotingProtocolServer) {
                Object server = get(RemotingProtocolServer.class, "defaultRemotingServer", each);
                NettyServerConfig config = (NettyServerConfig) get(
                        NettyRemotingServer.class, "nettyServerConfig", server);
                config.setBindAddress(InetAddress.getLoopbackAddress().getHostAddress());
            }
        }
    }

    @Override
    public void shutdown() {
    }

    private static Object get(Class<?> type, String name, Object owner) throws ReflectiveOperationException {
        return field(type, name).get(owner);
    }

    private static Field field(Class<?> type, String name) throws NoSuchFieldException {
        Field field = type.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }
}
