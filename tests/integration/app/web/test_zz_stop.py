import time, requests, pytest
from tests.integration.app.web.conftest import *
@pytest.mark.parametrize("n,keep",[(0,False),(0,True),(50,False),(50,True)])
def test_x(own_site,publish,n,keep):
    publish(page(1))
    s=requests.Session()
    if keep: s.get(own_site.url)
    for _ in range(n): heard(own_site.websocket())
    t=time.time()
    own_site.process.terminate()
    while not own_site.process.ended: time.sleep(.02)
    print(n,keep,time.time()-t, own_site.process.output[-600:])
    s.close()
