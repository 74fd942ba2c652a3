//! A stream whose first byte has been peeked at and is read again by the next reader.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

/// A stream that yields `first` before what `inner` still has.
pub struct PeekedStream<S> {
    first: Option<u8>,
    inner: S,
}

impl<S: AsyncRead + Unpin> PeekedStream<S> {
    /// Waits for the first byte; `None` when the stream ends without one.
    pub async fn peek(mut inner: S) -> io::Result<Option<(u8, Self)>> {
        let mut first = [0];
        match inner.read(&mut first).await? {
            0 => Ok(None),
            _ => Ok(Some((first[0], Self { first: Some(first[0]), inner }))),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PeekedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buffer.remaining() > 0
            && let Some(first) = self.first.take()
        {
            buffer.put_slice(&[first]);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PeekedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn the_first_byte_is_seen_and_read_again() {
        let (first, mut stream) = PeekedStream::peek(&b"GET /"[..]).await.unwrap().unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        assert_eq!((first, all.as_slice()), (b'G', &b"GET /"[..]));
    }

    #[tokio::test]
    async fn an_empty_stream_has_no_first_byte() {
        assert!(PeekedStream::peek(&b""[..]).await.unwrap().is_none());
    }
}
